"""The raw event on Kafka: what is written is read back, byte for byte."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.raw_event import REQUEST_HEADER_PREFIX, RawEvent, from_record
from schemas.topics import all_topics, raw_topic

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
RAW_EVENTS = st.builds(
    RawEvent,
    ce_id=st.uuids(),
    source=TEXT,
    type=TEXT,
    time=st.datetimes(timezones=st.just(UTC)),
    dialect=TEXT,
    order_no=TEXT,
    body=st.binary(max_size=50),
    content_type=TEXT,
    verified=TEXT,
    request_headers=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(RAW_EVENTS)
def test_a_raw_event_is_read_back_as_it_was_written(raw: RawEvent) -> None:
    assert from_record(key=raw.key, value=raw.body, headers=list(raw.to_headers())) == raw


def test_request_headers_never_travel_under_their_own_names() -> None:
    raw = RawEvent(
        ce_id=UUID(int=1),
        source="s",
        type="t",
        time=datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),
        dialect="d",
        order_no="A1",
        body=b"",
        request_headers={"reply_to": "their.topic"},
    )
    headers = dict(raw.to_headers())
    assert "reply_to" not in headers
    assert headers[REQUEST_HEADER_PREFIX + "reply_to"] == b"their.topic"
    assert headers["ce_time"] == b"2026-01-01T00:00:00+00:00"


def test_an_unknown_type_lies_on_the_unrouted_topic() -> None:
    assert raw_topic("p.", "order.void") == "p.raw.order.void"
    assert raw_topic("p.", "order.schedulechange") == "p.raw.unrouted"
    assert len(all_topics("p.")) == 6
