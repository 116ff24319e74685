"""Whether a record is among those selected. Topics and offsets were chosen before, by the plan."""

from collections.abc import Callable
from typing import Protocol

from processors.decode import Record
from schemas.selection import Selection


class StampedRecord(Record, Protocol):
    """As much of aiokafka's record as we read. `timestamp`: when ingest sent it, in ms since the epoch."""

    timestamp: int


def matcher(selection: Selection) -> Callable[[StampedRecord], bool]:
    """A test for records of the plan's ranges. A record without a readable source matches no source."""
    tests: list[Callable[[StampedRecord], bool]] = []
    if selection.order_no is not None:
        key = selection.order_no.encode()
        tests.append(lambda record: record.key == key)
    if selection.sources:
        sources = {source.encode() for source in selection.sources}
        tests.append(lambda record: any(name == "ce_source" and value in sources for name, value in record.headers))
    if selection.from_ is not None:
        begin = selection.from_.timestamp() * 1000
        tests.append(lambda record: record.timestamp >= begin)
    if selection.to is not None:
        end = selection.to.timestamp() * 1000
        tests.append(lambda record: record.timestamp < end)
    return lambda record: all(test(record) for test in tests)
