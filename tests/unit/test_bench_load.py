"""What the benchmark sends is what it says."""

from datetime import UTC, datetime

from bench.load import Sent, ticketed
from dialects.contract import InboundRequest
from dialects.registry import INBOUND


def test_an_event_is_about_1200_bytes_and_is_read_as_a_ticketed_order() -> None:
    body = ticketed("B-1")
    assert 1100 <= len(body) <= 1300
    peeked = INBOUND["atlas"].peek(InboundRequest("POST", "", "", {}, body, datetime.now(UTC)))
    assert (peeked.type, peeked.order_no) == ("order.ticketed", "B-1")


def test_percentiles_are_of_the_ordered_latencies() -> None:
    sent = Sent(latencies_ms=[float(n) for n in range(100, 0, -1)])
    assert (sent.percentile(50), sent.percentile(99), sent.percentile(100)) == (51, 100, 100)
