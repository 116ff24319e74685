"""Canonical event types, and the topics and consumer groups that carry them (DESIGN §3)."""

from enum import StrEnum

UNROUTED = "unrouted"


class EventType(StrEnum):
    """What an event says, whoever said it."""

    TICKETED = "order.ticketed"
    VOID = "order.void"
    REJECTED = "order.rejected"
    CHANGED = "order.changed"
    REFUNDED = "order.refunded"


_KNOWN = frozenset(str(event_type) for event_type in EventType)


def raw_topic(prefix: str, event_type: str) -> str:
    """The topic of the raw events of one type; what has no known type lies in `raw.unrouted`."""
    return f"{prefix}raw.{event_type if event_type in _KNOWN else UNROUTED}"


def all_topics(prefix: str) -> tuple[str, ...]:
    """Every topic that Ticketwire creates."""
    return (*(raw_topic(prefix, event_type) for event_type in EventType), raw_topic(prefix, UNROUTED))


def processor_group(prefix: str, processor: str) -> str:
    """The consumer group of one processor."""
    return f"{prefix}processor.{processor}"


def dead_letter_topic(topic: str, group: str) -> str:
    """Where parked events of a topic are exported for a group, by the prefix of Kafka's own dead letters (KIP-1191)."""
    return f"dlq.{topic}.{group}"
