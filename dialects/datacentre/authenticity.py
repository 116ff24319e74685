"""`token`: MD5 over the literal strings of the message and a shared password (datacentre-ticket-order.md, "`token`").

It covers three fields; the rest of the body is not protected by it.
"""

import hashlib
from typing import Any

from dialects.contract import InboundRequest, NotAuthentic, Proof
from dialects.datacentre.document import parse
from dialects.json_document import NotJson
from dialects.verification import scheme
from dialects.verification.constant_time import live_number
from runtime.settings import VerificationSettings


def token(*, company_id: str, client_order_id: str, create_time: str, password: str) -> str:
    """Lower case, over UTF-8, without separators: as the digest recommends where the document is silent."""
    words = company_id + client_order_id + create_time + password
    # half a surrogate pair, which only a received message can hold, has no UTF-8 form of its own
    return hashlib.md5(words.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def verify(request: InboundRequest, verification: VerificationSettings) -> Proof:
    """The token, in any case, is that of a live password over the raw received strings; constant time.

    Another scheme of the settings takes the place of the contract's.
    """
    if verification.scheme != "dialect":
        return scheme.verify(request, verification)
    try:
        document = parse(request.body)
    except NotJson as error:
        raise NotAuthentic(f"no token can be read: the body is {error}") from error
    order = document.get("ticket_order")
    if not isinstance(order, dict):
        raise NotAuthentic("ticket_order is missing or not an object")
    company_id, client_order_id, given = (_literal(order, name) for name in ("company_id", "client_order_id", "token"))
    create_time = "" if order.get("create_time") is None else _literal(order, "create_time")
    live = [
        token(
            company_id=company_id,
            client_order_id=client_order_id,
            create_time=create_time,
            password=secret.get_secret_value(),
        ).encode()
        for secret in verification.secrets
    ]
    number = live_number([given.lower().encode("utf-8", "surrogatepass")], live)
    if not number:
        raise NotAuthentic("ticket_order.token is not that of a live password over these strings")
    if verification.account and company_id != verification.account:
        raise NotAuthentic("ticket_order.company_id is not the company of this source")
    return Proof(verification.scheme, number)


def wrong_settings(verification: VerificationSettings) -> str | None:
    """Why a source with these settings could let nobody in, or everybody; None: they will do. Names no secret."""
    if verification.scheme != "dialect":
        return scheme.wrong_settings(verification)
    if not verification.secrets or not all(secret.get_secret_value() for secret in verification.secrets):
        return "scheme dialect needs one or two secrets, the live passwords, none of them empty"
    return None


def _literal(order: dict[str, Any], name: str) -> str:
    value = order.get(name)
    if not isinstance(value, str):
        raise NotAuthentic(f"ticket_order.{name} is missing, or neither text nor number")
    return value
