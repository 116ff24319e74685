"""Logs: one wide line per unit of work, with every id on it; nothing else at INFO.

Personal data and secrets never reach a line: callers log ids, counts and codes, not contents (DESIGN §2 rule 10).
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import structlog


class Logger(structlog.BoundLoggerBase):
    """What services log with: what happened, and its fields. Nothing below INFO, which would be for nobody (rule 10).

    structlog's own loggers pass a line on four times, and take its fields apart and together again at each: a third of
    what a line takes, and a service writes one for each thing it does.
    """

    def info(self, event: str, **fields: Any) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write("error", event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """An error, with the traceback of the exception that is being handled."""
        self._write("error", event, {"exc_info": True, **fields})

    def critical(self, event: str, **fields: Any) -> None:
        self._write("critical", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, Any]) -> None:
        line: Any = {**self._context, **fields, "event": event}
        try:
            for step in self._processors:
                line = step(self._logger, level, line)
        except structlog.DropEvent:  # as a test does that captures lines
            return
        self._logger.msg(line)


def configure_logs(*, service: str, format_: Literal["json", "text"]) -> None:
    """Send all logs of this process to standard error; to be called once, before anything else."""
    renderer: structlog.typing.Processor
    factory: Callable[..., Any]
    if format_ == "json":
        renderer = structlog.processors.JSONRenderer(serializer=encoded)
        factory = structlog.BytesLoggerFactory(file=sys.stderr.buffer)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        factory = structlog.PrintLoggerFactory(file=sys.stderr)
    structlog.configure(
        processors=[_completed_by(service), renderer],
        wrapper_class=Logger,
        logger_factory=factory,
        cache_logger_on_first_use=True,  # a line costs a third without the search for how to write it
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _completed_by(service: str) -> structlog.typing.Processor:
    """Adds who says it, how grave it is, when, and the traceback if there is one.

    One step of our own, for each event and callback has its line: structlog's four take a quarter of a line's time.
    """

    def completed(logger: Any, level: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        line.setdefault("service", service)
        line["level"] = level
        line["timestamp"] = orjson.dumps(datetime.now(UTC), option=orjson.OPT_UTC_Z)[1:-1].decode()
        return structlog.processors.format_exc_info(logger, level, line) if "exc_info" in line else line

    return completed


def encoded(line: dict[str, Any], default: Callable[[Any], Any]) -> bytes:
    """The line as JSON, whatever it holds."""
    try:
        return orjson.dumps(line, default=default)
    except TypeError:  # half a surrogate pair, or an integer beyond 64 bits: no line may fail for what it tells
        return json.dumps(line, default=default).encode()


def get_logger() -> Logger:
    """The logger; its lines carry the service's name."""
    logger: Logger = structlog.get_logger()
    return logger
