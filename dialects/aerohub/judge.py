"""AeroHub's verdict: a yes is HTTP 200 and `code` 200; all else must be tried again (aerohub-update-order.md, L96-97).

It is never refused for good: 400 is retried like any other, within the policy's bound ("Semantics", interval).
"""

from dialects.coded_answer import read_coded
from dialects.contract import Answer, Refused, Understood, Verdict


def judge(answer: Answer) -> Verdict:
    """Any integer `code`, as number or text, is read (inconsistencies 12 and 13); the reason tells code and `msg`."""
    read = read_coded(answer, code="code", text="msg")
    if isinstance(read, Refused):
        return read
    return Understood() if read.code == 200 else Refused(read.reason)
