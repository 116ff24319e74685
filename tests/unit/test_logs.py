"""A log line never fails for what it tells."""

import json
from uuid import UUID

import pytest

from runtime.logs import encoded


@pytest.mark.parametrize("value", ["\ud800", 1 << 70, "\x00", "航班"])
def test_any_value_can_be_logged(value: object) -> None:
    assert json.loads(encoded({"value": value}, repr)) == {"value": value}


def test_what_json_does_not_know_is_written_as_the_fallback_says() -> None:
    assert json.loads(encoded({"type": UUID, "huge": 1 << 70}, repr)) == {
        "type": "<class 'uuid.UUID'>",
        "huge": 1 << 70,
    }
