"""The platform's verdict (fliggy-ship-order-notify.md, "Semantics", "Response contract", "Platform error codes").

| answer | verdict |
|---|---|
| HTTP 200, `ret_success` true (Boolean or that word) and no error | yes; `ret_code` is not looked at (14) |
| HTTP 200, `ret_success` anything else | tried again: a later call may succeed |
| error code 7, 8, 10, or `sub_code` isp.… | tried again: limits and faults of the platform's side |
| else error code 21-34, 40-43, or `sub_code` isv.… | for good: until a person or a setting changes something |
| else any error, such as 9, 11, 12, 15, 50, unknown ones | tried again: no recommendation, and attempts are bounded |
| another HTTP status, or a body that cannot be read | tried again |
"""

import re
from collections.abc import Mapping
from typing import Any

from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict
from dialects.fliggy.answer import UnreadableAnswer, read_answer
from dialects.fliggy.reply import ROOT
from dialects.json_document import scalar_text

_RETRIED = frozenset({7, 8, 10})
_PERMANENT = frozenset({*range(21, 35), *range(40, 44)})


def judge(answer: Answer) -> Verdict:
    """Reasons hold the platform's codes, not its texts: these could repeat what we sent."""
    if answer.status != 200:
        return Refused(f"http-{answer.status}")
    try:
        document = read_answer(answer.body)
    except UnreadableAnswer as unreadable:
        return Refused(f"answer-unreadable: {unreadable}")
    error = _error(document)
    if error is not None:
        return _judge_error(error)
    fields = document.get(ROOT, document)
    if not isinstance(fields, dict) or "ret_success" not in fields:
        return Refused("answer-without-ret-success")
    success = fields["ret_success"]
    if success is True or (isinstance(success, str) and success.strip() == "true"):
        return Understood()
    return Refused(f"ret-success-not-true: ret_code {_code(fields.get('ret_code'))}")


def _error(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error, under its root or, when there is no answer either, bare."""
    if "error_response" in document:
        error = document["error_response"]
        return error if isinstance(error, dict) else {}
    bare = ROOT not in document and "ret_success" not in document
    return document if bare and ("code" in document or "sub_code" in document) else None


def _judge_error(error: Mapping[str, Any]) -> Verdict:
    text, sub_code = _code(error.get("code")), _code(error.get("sub_code"))
    code = int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else None
    reason = f"error-response: code {text}, sub_code {sub_code}"
    if code in _RETRIED or sub_code.lower().startswith("isp."):
        return Refused(reason)
    if code in _PERMANENT or sub_code.lower().startswith("isv."):
        return RefusedForGood(reason)
    return Refused(reason)


def _code(value: object) -> str:
    return (scalar_text(value) or "").strip()[:80] or "-"
