"""The events that are sent: two passengers with a ticket each, about 1.2 KB, signed as the source asks."""

import hashlib
import hmac

import orjson

SOURCE = "bench"
SIGNATURE_HEADER = "x-signature"

_PASSENGER = {
    "passengerType": 0,
    "birthday": "19920202",
    "gender": "F",
    "cardNum": "123457",
    "cardType": "PP",
    "cardIssuePlace": "CN",
    "cardExpired": "20400101",
    "nationality": "CN",
    "ancillaries": [],
}
_ORDER, _LOCATOR = "@order@", "@pnr@"
_DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def _template() -> bytes:
    passengers = [
        {"name": f"ZHANG/{place}", "ticketNos": [f"T{place}-{_ORDER}"], "airlinePNRs": [_LOCATOR], **_PASSENGER}
        for place in ("SAN", "LISI")
    ]
    data = {"orderNo": _ORDER, "orderStatus": 2, "paxTicketInfos": passengers, "note": "." * 560}
    return orjson.dumps({"cid": "BENCH", "type": "order.ticketed", "status": -1, "data": data})


_TEMPLATE = _template()


def order_no(prefix: str, number: int) -> str:
    """The number-th order of a run."""
    return f"{prefix}-{number:07}"


def ticketed(prefix: str, number: int) -> bytes:
    """The body of its ticketed event. Every order has a PNR of its own, as in life: equal ones would pile up in the
    index by PNR."""
    body = _TEMPLATE.replace(_ORDER.encode(), order_no(prefix, number).encode())
    return body.replace(_LOCATOR.encode(), _locator(number).encode())


def signature(body: bytes, secret: str) -> str:
    """The HMAC that the bench's source asks for, in `SIGNATURE_HEADER`."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def _locator(number: int) -> str:
    """Six characters that no other of a thousand million orders has."""
    letters = ""
    for _ in range(6):
        number, digit = divmod(number, len(_DIGITS))
        letters += _DIGITS[digit]
    return letters
