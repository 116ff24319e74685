"""The raw event: one arrival at ingest as it lies on Kafka, after the CloudEvents Kafka binding (DESIGN §3)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

REQUEST_HEADER_PREFIX = "ticketwire_http_"
"""Request headers that verification needs travel under this prefix: an unprefixed `reply_to` would make a
consumer framework answer to a topic that a stranger named."""

_PATH, _QUERY, _VERIFIED = "ticketwire_path", "ticketwire_query", "ticketwire_verified"

RecordHeaders = list[tuple[str, bytes]]


class UnusableRecord(ValueError):
    """A Kafka record that is no raw event of ours. `reason` is a stable code, the text names the header."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class RawEvent(NamedTuple):
    """One arrival. `body` is the bytes as received; `time` is when ingest took it, in UTC.

    `path` and `query` are those below the source, where the party's contract has any. `verified` is how the sender
    proved to be the source: the scheme, and which of its live secrets; empty where ingest did not note it yet.
    """

    ce_id: UUID
    source: str
    type: str
    time: datetime
    dialect: str
    order_no: str
    body: bytes
    content_type: str = "application/json"
    traceparent: str = ""
    path: str = ""
    query: str = ""
    verified: str = ""
    request_headers: Mapping[str, str] = MappingProxyType({})

    @property
    def key(self) -> bytes:
        """The partition key: one order is one partition."""
        return self.order_no.encode()

    def to_headers(self) -> RecordHeaders:
        """The record's headers, UTF-8."""
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(self.ce_id).encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.type.encode()),
            ("ce_time", self.time.astimezone(UTC).isoformat().encode()),
            ("content-type", self.content_type.encode()),
            ("ticketwire_dialect", self.dialect.encode()),
        ]
        optional = (
            (_VERIFIED, self.verified),
            ("traceparent", self.traceparent),
            (_PATH, self.path),
            (_QUERY, self.query),
        )
        headers.extend((name, value.encode()) for name, value in optional if value)
        headers.extend((REQUEST_HEADER_PREFIX + name, value.encode()) for name, value in self.request_headers.items())
        return headers


def from_record(*, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> RawEvent:
    """Read a Kafka record back; raises UnusableRecord, and nothing else, whatever the record holds."""
    words: dict[str, bytes] = {name: content for name, content in headers if content is not None}
    if value is None:
        raise UnusableRecord("tombstone", "the record has no value")
    return RawEvent(
        ce_id=_uuid(_text(words, "ce_id")),
        source=_text(words, "ce_source"),
        type=_text(words, "ce_type"),
        time=_time(_text(words, "ce_time")),
        dialect=_text(words, "ticketwire_dialect"),
        order_no=_decode("record key", key or b""),
        body=value,
        content_type=_text(words, "content-type", default="application/json"),
        traceparent=words.get("traceparent", b"").decode("utf-8", "replace"),
        path=words.get(_PATH, b"").decode("utf-8", "replace"),
        query=words.get(_QUERY, b"").decode("utf-8", "replace"),
        verified=words.get(_VERIFIED, b"").decode("utf-8", "replace"),
        request_headers={
            name.removeprefix(REQUEST_HEADER_PREFIX): content.decode("utf-8", "replace")
            for name, content in words.items()
            if name.startswith(REQUEST_HEADER_PREFIX)
        },
    )


def _text(words: Mapping[str, bytes], name: str, *, default: str | None = None) -> str:
    content = words.get(name)
    if content:
        return _decode(f"header {name}", content)
    if default is None:
        raise UnusableRecord("header-missing", f"header {name} is missing, null or empty")
    return default


def _decode(place: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UnusableRecord("header-not-utf8", f"{place} is not UTF-8: {content[:40]!r}") from error


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UnusableRecord("header-unreadable", f"header ce_id is not a UUID: {text[:60]!r}") from error


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnusableRecord("header-unreadable", f"header ce_time is not an RFC 3339 time: {text[:60]!r}") from error
    if moment.tzinfo is None:
        raise UnusableRecord("header-unreadable", f"header ce_time has no time zone: {text[:60]!r}")
    return moment
