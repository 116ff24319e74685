"""Which processor takes what lies on which topic."""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.contract import Processor
from processors.decode import Record
from processors.registry import PROCESSORS
from schemas.arrival import Coordinates

BY_TYPE: Mapping[str, Processor[Any]] = {processor.event_type: processor for processor in PROCESSORS.values()}


def processors_of(type_: str) -> Sequence[str]:
    """Names of the processors that may have parked a record of this type's topic: for unrouted ones, any."""
    return [BY_TYPE[type_].name] if type_ in BY_TYPE else list(PROCESSORS)


def place_of(record: Record) -> Coordinates:
    return Coordinates(record.topic, record.partition, record.offset)
