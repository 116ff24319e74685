"""Requests as ingest hands them to a dialect."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from dialects.contract import InboundRequest
from schemas.raw_event import RawEvent

ARRIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples"


def sample(path: str) -> bytes:
    return (SAMPLES / path).read_bytes()


def request(body: bytes = b"{}", *, headers: Mapping[str, str] | None = None, path: str = "") -> InboundRequest:
    return InboundRequest(method="POST", path=path, query="", headers=headers or {}, body=body, received_at=ARRIVED)


def stored(body: bytes, *, event_type: str = "order.ticketed") -> RawEvent:
    return RawEvent(
        ce_id=UUID(int=1), source="atlas", type=event_type, time=ARRIVED, dialect="atlas", order_no="1", body=body
    )
