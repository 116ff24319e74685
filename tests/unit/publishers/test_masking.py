"""What is kept of a call holds no personal data."""

import orjson
import pytest

from publishers.masking import masked


def test_personal_values_are_masked_at_any_depth_and_the_rest_is_kept() -> None:
    body = {
        "type": "order.ticketed",
        "data": {
            "paxTicketInfos": [{"name": "ZHANG/SAN", "cardNum": "E1", "birthday": "19910101", "cardExpired": ""}],
            "event": {"passengers": [{"document_number": "E1", "ticket_numbers": ["S1"], "extra": {"note": "x"}}]},
            "Contact": {"mobile": "1"},
        },
    }
    kept = orjson.loads(masked(orjson.dumps(body)) or b"")
    assert kept == {
        "type": "order.ticketed",
        "data": {
            "paxTicketInfos": [{"name": "ZHANG/SAN", "cardNum": "***", "birthday": "***", "cardExpired": ""}],
            "event": {"passengers": [{"document_number": "***", "ticket_numbers": ["S1"], "extra": "***"}]},
            "Contact": "***",
        },
    }


@pytest.mark.parametrize("body", [b"", b"cardNum=E1", b"\xff"])
def test_what_cannot_be_read_is_not_kept(body: bytes) -> None:
    assert masked(body) is None
