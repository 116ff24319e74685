"""What an answer, or the lack of one, means for the callback. Pure.

HTTP decides first: a redirect is never followed, 410 ends the endpoint, any other status but 2xx is tried again by
policy: a 4xx too, for partners answer 401 and 404 while they deploy. A 2xx is for the dialect to judge: some partners
say "failed" with HTTP 200.
"""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict
from publishers.answer import Answered
from publishers.outcomes import Delivered, GivenUp, TryAgain
from publishers.retry_after import retry_after_seconds
from publishers.transport_faults import Fault

GONE = 410


def classify(
    result: Answered | Fault,
    *,
    judge: Callable[[Answer], Verdict],
    now: datetime,
    retry_after_maximum_seconds: float,
) -> Delivered | TryAgain | GivenUp:
    """Name what came of a call. An exception of `judge` is a bug of ours: the answer is kept, and tried again."""
    if isinstance(result, Fault):
        return TryAgain(result.stage, result.error, result.detail)
    answer = result.answer
    if not 200 <= answer.status < 300:
        return TryAgain(
            "after",
            "redirect" if 300 <= answer.status < 400 else f"http-{answer.status}",
            status=answer.status,
            retry_after_seconds=retry_after_seconds(
                answer.headers.get("retry-after", ""), now=now, maximum_seconds=retry_after_maximum_seconds
            ),
            gone=answer.status == GONE,
        )
    return _judged(result, judge)


def _judged(result: Answered, judge: Callable[[Answer], Verdict]) -> Delivered | TryAgain | GivenUp:
    status = result.answer.status
    try:
        verdict = judge(result.answer)
    except Exception as error:  # noqa: BLE001 - a bug in one dialect must not stop the worker; it is recorded
        return TryAgain("after", "judge-failed", type(error).__name__, status)
    match verdict:
        case Understood():
            return Delivered(status, f"the answer's body was cut: {result.cut}" if result.cut else "")
        case Refused():
            return TryAgain("after", "refused-by-partner", verdict.reason, status)
        case RefusedForGood():
            return GivenUp("after", "refused-for-good", verdict.reason, status)
        case _:
            assert_never(verdict)
