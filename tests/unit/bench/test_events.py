"""What the benchmark sends is what it says."""

from datetime import UTC, datetime

from pydantic import SecretStr

from bench.events import SIGNATURE_HEADER, order_no, signature, ticketed
from bench.wire import message_length, post, status_of
from dialects.contract import InboundRequest
from dialects.registry import INBOUND
from runtime.settings import VerificationSettings


def test_an_event_is_about_1200_bytes_and_is_read_as_a_ticketed_order_that_is_signed() -> None:
    body = ticketed("B", 1)
    assert 1100 <= len(body) <= 1300
    request = InboundRequest("POST", "", "", {SIGNATURE_HEADER: signature(body, "s")}, body, datetime.now(UTC))
    peeked = INBOUND["atlas"].peek(request)
    assert (peeked.type, peeked.order_no) == ("order.ticketed", order_no("B", 1))
    verification = VerificationSettings(scheme="hmac", secrets=(SecretStr("s"),))
    assert INBOUND["atlas"].verify(request, verification).scheme == "hmac"


def test_no_two_events_share_a_ticket_or_a_pnr() -> None:
    bodies = {ticketed("B", number).split(b'"airlinePNRs":["')[1][:6] for number in range(5000)}
    assert len(bodies) == 5000


def test_a_message_is_whole_when_its_head_and_body_are_there() -> None:
    whole = post("127.0.0.1:80", "/in/bench", b"12345", {"x-signature": "ab"})
    assert message_length(whole) == len(whole)
    assert message_length(whole[:-6]) == 0
    assert message_length(whole[:-1]) == len(whole)
    answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
    assert (message_length(answer + b"HTTP"), status_of(answer)) == (len(answer), 503)
