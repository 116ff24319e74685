"""AeroHub's verdict: a yes is HTTP 200 and `code` 200; all else must be tried again (aerohub-update-order.md, L96-97).

It is never refused for good: 400 is retried like any other, within the policy's bound ("Semantics", interval).
"""

import re

from dialects.contract import Answer, Refused, Understood, Verdict
from dialects.json_document import NotJson, parse, scalar_text, whole_number

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MESSAGE_CHARACTERS = 200


def judge(answer: Answer) -> Verdict:
    """Any integer `code`, as number or text, is read (inconsistencies 12 and 13); the reason tells code and `msg`."""
    if answer.status != 200:
        return Refused(f"http-{answer.status}")
    try:
        document = parse(answer.body)
    except NotJson as error:
        return Refused(f"answer-unreadable: it is {error}")
    code = whole_number(document.get("code"))
    if code is None:
        return Refused("answer-unreadable: code is missing or not a whole number")
    if code == 200:
        return Understood()
    message = _UNPRINTABLE.sub(" ", scalar_text(document.get("msg")) or "")[:_MESSAGE_CHARACTERS].strip()
    return Refused(f"code-{code}: {message}" if message else f"code-{code}")
