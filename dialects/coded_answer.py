"""Answers of the form {code, text}: an HTTP 200 whose verdict is a number in the body."""

import re
from dataclasses import dataclass

from dialects.contract import Answer, Refused
from dialects.json_document import NotJson, parse, scalar_text, whole_number

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_TEXT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class CodedAnswer:
    """The number, and the reason in words for an operator: the number's field, the number, the partner's text."""

    code: int
    reason: str


def read_coded(answer: Answer, *, code: str, text: str) -> CodedAnswer | Refused:
    """Read the field `code`, a number or a numeric text, and `text` beside it; Refused when there is no verdict."""
    if answer.status != 200:
        return Refused(f"http-{answer.status}")
    try:
        document = parse(answer.body)
    except NotJson as error:
        return Refused(f"answer-unreadable: it is {error}")
    number = whole_number(document.get(code))
    if number is None:
        return Refused(f"answer-unreadable: {code} is missing or not a whole number")
    said = _UNPRINTABLE.sub(" ", scalar_text(document.get(text)) or "")[:_TEXT_CHARACTERS].strip()
    return CodedAnswer(number, f"{code}-{number}: {said}" if said else f"{code}-{number}")
