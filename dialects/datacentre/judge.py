"""The verdict: `errcode` 0 is a yes, any other a no for ever; all else is tried again (datacentre-ticket-order.md,
"Semantics", Rec. as client)."""

from dialects.coded_answer import read_coded
from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict


def judge(answer: Answer) -> Verdict:
    """`errcode` as number or text (inconsistency 14); a refusal's reason is its code and `errmsg`, for the operator."""
    read = read_coded(answer, code="errcode", text="errmsg")
    if isinstance(read, Refused):
        return read
    return Understood() if read.code == 0 else RefusedForGood(read.reason)
