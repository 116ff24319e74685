"""Decoding is total: whatever lies on Kafka becomes an arrival or a parked event."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialects.contract import ReadEvent, Unreadable
from processors import decode as decoding
from processors.decode import decode, decoded
from schemas.arrival import Arrival
from schemas.raw_event import RawEvent
from store.parked import ParkedEvent, fingerprint
from tests.arrivals import ticketed

RAW = RawEvent(
    ce_id=UUID(int=7),
    source="atlas",
    type="order.ticketed",
    time=datetime(2026, 1, 1, tzinfo=UTC),
    dialect="fake",
    order_no="A1",
    body=b"{}",
    verified="hmac/1",
)


@dataclass
class FakeRecord:
    topic: str = "raw"
    partition: int = 1
    offset: int = 5
    key: bytes | None = b"A1"
    value: bytes | None = b"{}"
    headers: Sequence[tuple[str, Any]] = field(default_factory=RAW.to_headers)
    timestamp: int | None = 1767225600000


class FakeDialect:
    """Reads everything as one ticketed event, or raises what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def read(self, raw: RawEvent) -> ReadEvent:
        if self.error is not None:
            raise self.error
        return ReadEvent(ticketed("T1", order_no=raw.order_no), b"digest")


def read(record: FakeRecord, error: Exception | None = None) -> Arrival | ParkedEvent:
    dialects: Any = {"fake": FakeDialect(error)}
    return decode(record, dialects)


def test_a_raw_event_becomes_an_arrival_with_its_coordinates() -> None:
    found = read(FakeRecord())
    assert isinstance(found, Arrival)
    assert (found.arrival_id, found.order_no, found.at.offset) == (UUID(int=7), "A1", 5)
    assert found.verified == "hmac/1"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (FakeRecord(value=None), "tombstone"),
        (FakeRecord(headers=[]), "header-missing"),
        (FakeRecord(headers=[("ce_id", None), *RAW.to_headers()[2:]]), "header-missing"),
        (FakeRecord(headers=[("ce_id", b"\xff\xfe"), *RAW.to_headers()[2:]]), "header-not-utf8"),
        (FakeRecord(headers=[("ce_id", b"not-a-uuid"), *RAW.to_headers()[2:]]), "header-unreadable"),
        (FakeRecord(headers=[*RAW.to_headers(), ("ce_time", b"yesterday")]), "header-unreadable"),
        (FakeRecord(headers=[*RAW.to_headers(), ("ce_time", b"2026-01-01T00:00:00")]), "header-unreadable"),
        (FakeRecord(headers=[*RAW.to_headers(), ("ticketwire_dialect", b"klingon")]), "unknown-dialect"),
        (FakeRecord(key=b"\xff"), "header-not-utf8"),
    ],
)
def test_a_record_that_is_no_raw_event_is_parked_with_its_reason(record: FakeRecord, reason: str) -> None:
    found = read(record)
    assert isinstance(found, ParkedEvent)
    assert (found.reason, found.value, found.headers) == (reason, record.value, record.headers)


def test_a_null_header_beside_the_real_one_is_passed_over() -> None:
    assert isinstance(read(FakeRecord(headers=[*RAW.to_headers(), ("ce_id", None), ("other", None)])), Arrival)


def test_what_the_dialect_cannot_read_is_parked_with_its_reason() -> None:
    found = read(FakeRecord(), Unreadable("field-missing", "data.orderNo is missing"))
    assert isinstance(found, ParkedEvent)
    assert (found.stage, found.reason, found.source) == ("read", "field-missing", "atlas")


def test_a_bug_in_a_decoder_is_parked_by_place_without_the_value_it_choked_on() -> None:
    found = read(FakeRecord(), RuntimeError("passport E12345678"))
    assert isinstance(found, ParkedEvent)
    assert found.reason == "decoder-failed"
    assert "RuntimeError at tests.unit.processors.test_decode:" in found.detail
    assert "E12345678" not in found.detail


def test_an_event_is_written_once_it_is_read_and_parked_if_that_fails() -> None:
    event = ticketed("T1")
    found = decode(FakeRecord(), {"fake": SimpleNamespace(read=lambda _: ReadEvent(event, b"digest"))})
    assert isinstance(found, Arrival)
    assert found.written == event.model_dump_json().encode()

    broken = event.model_copy(update={"order_no": "\ud800"})
    found = decode(FakeRecord(), {"fake": SimpleNamespace(read=lambda _: ReadEvent(broken, b"digest"))})
    assert isinstance(found, ParkedEvent)
    assert found.reason == "decoder-failed"


@given(
    key=st.none() | st.binary(max_size=40),
    value=st.none() | st.binary(max_size=40),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["ce_id", "ce_time", "ce_source", "ce_type", "ticketwire_dialect", "x"]),
            st.none() | st.binary(max_size=30),
        ),
        max_size=8,
    ),
)
def test_no_record_raises(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]) -> None:
    found = read(FakeRecord(key=key, value=value, headers=headers))
    assert isinstance(found, Arrival | ParkedEvent)


def test_a_fingerprint_ignores_what_varies_between_events() -> None:
    def print_of(detail: str) -> str:
        return fingerprint(processor="void", stage="read", reason="field", detail=detail)

    assert print_of("data.voidStatus is 'x', not a number") == print_of("data.voidStatus is 'yy', not a number")
    assert print_of("passenger 3 has no name") == print_of("passenger 12 has no name")
    assert print_of("passenger 3 has no name") != print_of("passenger 3 has no tickets")


async def test_others_have_their_turn_while_much_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above all the batch that waits for Postgres' answer."""
    monkeypatch.setattr(decoding, "decode", lambda record, _: record)
    records, turns = list(range(52)), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert await decoded(records, {}) == records  # type: ignore[arg-type, comparison-overlap]
    task.cancel()
    assert turns >= 10
