"""What a log line holds, and that it never fails for what it tells."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog

from runtime.logs import Logger, encoded, get_logger

_LINES = """
from runtime.logs import configure_logs, get_logger

configure_logs(service="publisher", format_={format_!r})
log = get_logger()
log.info("callback.attempted", order="A1", status=200, service_of="them")
log.warning("loop.failed", loop="rescue")
try:
    raise ValueError("no such thing")
except ValueError:
    log.exception("callback.failed")
"""


def lines_of_a_process(format_: str) -> list[str]:
    """What a process that logs in this format writes: logs are configured once for a whole process."""
    script = _LINES.format(format_=format_)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - our own script
    return done.stderr.decode().splitlines()


def test_a_line_tells_what_happened_then_who_says_it_how_grave_it_is_and_when() -> None:
    first, second, third = map(json.loads, lines_of_a_process("json"))
    moment = first.pop("timestamp")
    assert moment.endswith("Z")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(first.items()) == [
        ("order", "A1"),
        ("status", 200),
        ("service_of", "them"),
        ("event", "callback.attempted"),
        ("service", "publisher"),
        ("level", "info"),
    ]
    assert list(second) == ["loop", "event", "service", "level", "timestamp"]
    assert second["level"] == "warning"
    assert list(third) == ["event", "service", "level", "timestamp", "exception"]
    assert third["level"] == "error"
    assert third["exception"].startswith("Traceback")
    assert third["exception"].endswith("ValueError: no such thing")


def test_a_line_for_people_holds_the_same() -> None:
    first = lines_of_a_process("text")[0]
    assert all(part in first for part in ("[info", "callback.attempted", "order=A1", "service=publisher", "Z"))


@pytest.mark.parametrize("value", ["\ud800", 1 << 70, "\x00", "航班"])
def test_any_value_can_be_logged(value: object) -> None:
    assert json.loads(encoded({"value": value}, repr)) == {"value": value}


def test_what_json_does_not_know_is_written_as_the_fallback_says() -> None:
    assert json.loads(encoded({"type": UUID, "huge": 1 << 70}, repr)) == {
        "type": "<class 'uuid.UUID'>",
        "huge": 1 << 70,
    }


def test_tests_capture_the_lines_of_a_service() -> None:
    configured = structlog.get_config()
    try:
        structlog.configure(wrapper_class=Logger, processors=[], cache_logger_on_first_use=False)
        with structlog.testing.capture_logs() as lines:
            get_logger().warning("loop.failed", loop="rescue")
            get_logger().critical("processor.stopping")
    finally:
        structlog.configure(**configured)
    assert lines == [
        {"loop": "rescue", "event": "loop.failed", "log_level": "warning"},
        {"event": "processor.stopping", "log_level": "critical"},
    ]
