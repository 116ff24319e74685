"""The verdict: `errcode` 0 is a yes, any other a no for ever; all else is tried again (datacentre-ticket-order.md,
"Semantics", Rec. as client)."""

import re

from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict
from dialects.json_document import NotJson, parse, scalar_text, whole_number

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MESSAGE_CHARACTERS = 200


def judge(answer: Answer) -> Verdict:
    """`errcode` as number or text (inconsistency 14); a refusal's reason is its code and `errmsg`, for the operator."""
    if answer.status != 200:
        return Refused(f"http-{answer.status}")
    try:
        document = parse(answer.body)
    except NotJson as error:
        return Refused(f"answer-unreadable: it is {error}")
    code = whole_number(document.get("errcode"))
    if code is None:
        return Refused("answer-unreadable: errcode is missing or not a whole number")
    if code == 0:
        return Understood()
    message = _UNPRINTABLE.sub(" ", scalar_text(document.get("errmsg")) or "")[:_MESSAGE_CHARACTERS].strip()
    return RefusedForGood(f"errcode-{code}: {message}" if message else f"errcode-{code}")
