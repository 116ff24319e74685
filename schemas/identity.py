"""Names that are computed, not given: the same words always yield the same id, on every machine and in every replay.

All are 128-bit UUIDs of version 8 (RFC 9562, section 5.8) over SHA-256 of length-prefixed parts, so that no two
different lists of parts can run together into the same bytes.
"""

import hashlib
from uuid import UUID

_VERSION_8 = 8 << 76 | 2 << 62
"""The version and the variant; all bits but those two fields' are ours."""

_OURS = ~(0xF << 76 | 0x3 << 62)


def _derive(kind: str, *parts: bytes) -> UUID:
    said = kind.encode() + b"".join([len(part).to_bytes(4, "big") + part for part in parts])
    number = int.from_bytes(hashlib.sha256(said).digest()[:16], "big")
    return UUID(int=number & _OURS | _VERSION_8)


def order_id(source: str, order_no: str) -> UUID:
    """The order's id: two sources may use the same order number for different orders."""
    return _derive("order", source.encode(), order_no.encode())


def event_id(source: str, event_type: str, order_no: str, digest: bytes) -> UUID:
    """The event's identity (DESIGN §2 rule 1): no supplier sends an event id, so it is what the event says."""
    return _derive("event", source.encode(), event_type.encode(), order_no.encode(), digest)


def callback_id(event: UUID, endpoint: UUID, *, retelling: int | None = None) -> UUID:
    """The id a receiver sees in every repeat of one callback (DESIGN §2 rule 1).

    `retelling` is the order's version when an event that may have been told before holds again: that is news.
    """
    if retelling is None:
        return _derive("callback", event.bytes, endpoint.bytes)
    return _derive("callback", event.bytes, endpoint.bytes, retelling.to_bytes(8, "big"))


def arrival_id(topic: str, partition: int, offset: int) -> UUID:
    """The id of a record that lies on Kafka without a usable `ce_id` of its own."""
    return _derive("arrival", topic.encode(), partition.to_bytes(4, "big"), offset.to_bytes(8, "big"))
