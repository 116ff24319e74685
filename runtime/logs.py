"""Logs: one wide line per unit of work, with every id on it; nothing else at INFO.

Personal data and secrets never reach a line: callers log ids, counts and codes, not contents (DESIGN §2 rule 10).
"""

import logging
import sys
from typing import Literal

import structlog

Logger = structlog.typing.FilteringBoundLogger


def configure_logs(*, service: str, format_: Literal["json", "text"]) -> None:
    """Send all logs of this process to standard error; to be called once, before anything else."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format_ == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def get_logger() -> Logger:
    """The logger; its lines carry the service's name."""
    logger: Logger = structlog.get_logger()
    return logger
