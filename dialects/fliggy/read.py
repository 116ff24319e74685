"""A stored call as a canonical event."""

import hashlib
from collections.abc import Mapping

from dialects.contract import ReadEvent, Unreadable
from dialects.fliggy.order import read_order
from dialects.fliggy.parameters import parameters
from dialects.fliggy.platform_errors import Refusal
from dialects.json_document import canonical
from schemas.raw_event import RawEvent

REASONS: Mapping[str, str] = {
    "not-parameters": "body or query is not a set of parameters: not UTF-8, broken JSON, too many, or one repeated",
    "method-wrong": "method is missing or not the back-fill's",
    "not-json": "confirm_book_r_q is not one JSON object",
    "argument-missing": "a required field is missing or empty",
    "argument-invalid": "a field has a type that the contract cannot mean",
    "text-not-storable": "a text holds NUL or half of a surrogate pair, which the database cannot keep",
    "content-unreadable": "what the contract does not define is nested deeper than can be kept",
}
"""Why an event is parked: stable codes and their meanings."""


def read(raw: RawEvent) -> ReadEvent:
    """Read a stored call; raises Unreadable with one of REASONS, and nothing else.

    The platform's key is `alitrip_order_id` alone: its first success holds, which `final` says. Another body for the
    same order is another event nevertheless, kept for attention (digest, "Semantics", as server).
    """
    try:
        content = read_order(parameters(raw.body, raw.query))
    except Refusal as refusal:
        raise Unreadable(refusal.reason, str(refusal)) from None
    return ReadEvent(content, hashlib.sha256(canonical(content.model_dump(mode="json"))).digest())
