"""Which processor takes what lies on which topic, and by what a record is known."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from processors.contract import Processor
from processors.decode import Record
from processors.registry import PROCESSORS
from schemas.arrival import Coordinates

BY_TYPE: Mapping[str, Processor[Any]] = {processor.event_type: processor for processor in PROCESSORS.values()}


def processors_of(type_: str) -> Sequence[str]:
    """Names of the processors that may have parked a record of this type's topic: for unrouted ones, any."""
    return [BY_TYPE[type_].name] if type_ in BY_TYPE else list(PROCESSORS)


def record_id(record: Record) -> UUID | None:
    """The arrival's id, without reading the rest; None where there is no usable one."""
    for name, value in record.headers:
        if name == "ce_id" and value is not None:
            try:
                return UUID(value.decode())
            except ValueError:
                return None
    return None


def place_of(record: Record) -> Coordinates:
    return Coordinates(record.topic, record.partition, record.offset)
