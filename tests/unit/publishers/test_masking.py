"""What is kept of a call holds no personal data."""

from urllib.parse import parse_qsl, urlencode

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
    kept = orjson.loads(masked(orjson.dumps(body), frozenset({"cardnum", "cardexpired"})) or b"")
    assert kept == {
        "type": "order.ticketed",
        "data": {
            "paxTicketInfos": [{"name": "ZHANG/SAN", "cardNum": "***", "birthday": "***", "cardExpired": ""}],
            "event": {"passengers": [{"document_number": "***", "ticket_numbers": ["S1"], "extra": "***"}]},
            "Contact": "***",
        },
    }


@pytest.mark.parametrize("body", [b"", b"just text", b"\xff"])
def test_what_cannot_be_read_is_not_kept(body: bytes) -> None:
    assert masked(body, frozenset()) is None


def test_a_form_is_kept_with_its_private_fields_masked_in_the_form_and_in_the_json_inside() -> None:
    inside = orjson.dumps({"passenger_list": [{"passenger_cert_no": "E1", "passenger_name": "罗大佑"}]}).decode()
    body = urlencode({"sign": "ABC", "method": "m", "order": inside, "empty": ""}).encode()
    kept = dict(
        parse_qsl((masked(body, frozenset({"sign", "passenger_cert_no"})) or b"").decode(), keep_blank_values=True)
    )
    assert (kept["sign"], kept["method"], kept["empty"]) == ("***", "m", "")
    assert orjson.loads(kept["order"]) == {"passenger_list": [{"passenger_cert_no": "***", "passenger_name": "罗大佑"}]}
