"""From an attempt's outcome to the rows that record it, and when to try again. Pure."""

from datetime import datetime
from typing import NamedTuple, assert_never
from uuid import UUID

from dialects.contract import MissingContext, NotDeliverable
from publishers.outcomes import Delivered, GivenUp, Interrupted, Outcome, TryAgain
from publishers.schedule import Policy
from store.attempts import Attempt, AttemptOutcome
from store.callbacks import CallbackResult, ContextWait, RestingState
from store.endpoints import Endpoint

WORKER_LOST = TryAgain("during", "worker-lost", "the publisher ended without saying how the call did")
CLAIM_LOST = Interrupted("before", "claim-lost", "the claim was committed without our knowing; nothing was sent")
_TEXT_LENGTH = 500


class Try(NamedTuple):
    """One attempt: which, by whom, since when. `age_seconds`: how long after the first one it began."""

    callback_id: UUID
    endpoint_id: UUID
    order_id: UUID
    attempts: int
    number: int
    trigger: str
    worker: str
    age_seconds: float
    started_at: datetime


class Settled(NamedTuple):
    """A result to record. `rejects_void`: with it, the void case of the event is rejected, for `retries` failed."""

    result: CallbackResult
    order_id: UUID
    rejects_void: bool = False
    retries: int = 0


class Kept(NamedTuple):
    """What is kept of the exchange."""

    finished_at: datetime
    request: bytes | None = None
    answer: bytes | None = None


class _Rest(NamedTuple):
    """Where the callback comes to rest after the attempt."""

    state: RestingState
    counted: bool = True
    wait_seconds: float = 0.0
    pause_seconds: float = 0.0


def settle(made: Try, outcome: Outcome, *, endpoint: Endpoint, policy: Policy, kept: Kept) -> Settled:
    """The rows of an attempt that ended."""
    if isinstance(outcome, TryAgain) and not outcome.gone:
        wait = policy.next_wait(attempts=made.attempts, age_seconds=made.age_seconds)
        if wait is None:
            outcome = GivenUp(outcome.stage, outcome.error, outcome.detail, outcome.status, exhausted=True)
    else:
        wait = 0.0
    rest = _rest(outcome, wait or 0.0)
    gone = isinstance(outcome, TryAgain) and outcome.gone
    result = CallbackResult(
        callback_id=made.callback_id,
        endpoint_id=made.endpoint_id,
        attempt_number=made.number,
        leased_by=made.worker,
        state=rest.state,
        counted=rest.counted,
        outcome=_told(outcome.error, outcome.detail),
        wait_seconds=rest.wait_seconds,
        pause_seconds=rest.pause_seconds,
        disable=f"the endpoint answered {outcome.status}: it wants no more calls" if gone else "",
        attempt=_attempt(made, outcome, kept),
    )
    exhausted = isinstance(outcome, GivenUp) and outcome.exhausted
    rejects = exhausted and endpoint.on_give_up == "reject_void"
    return Settled(result, made.order_id, rejects_void=rejects, retries=made.attempts - 1)


def settle_unwritten(made: Try, reason: NotDeliverable | MissingContext, *, wait: ContextWait) -> Settled:
    """Nothing was sent and nothing will be as things are; it counts as no attempt."""
    state: RestingState
    match reason:
        case NotDeliverable():
            state, outcome = "not_deliverable", _told("not-deliverable", reason.reason)
        case MissingContext():
            state, outcome = "waiting", _told("context-missing", ", ".join(reason.fields))
        case _:
            assert_never(reason)
    result = CallbackResult(
        callback_id=made.callback_id,
        endpoint_id=made.endpoint_id,
        attempt_number=made.number,
        leased_by=made.worker,
        state=state,
        counted=False,
        outcome=outcome,
        laid_down=wait if state == "waiting" else None,
    )
    return Settled(result, made.order_id)


def _rest(outcome: Outcome, wait: float) -> _Rest:
    match outcome:
        case Delivered():
            return _Rest("delivered")
        case TryAgain():
            return _Rest("pending", wait_seconds=wait, pause_seconds=outcome.retry_after_seconds)
        case GivenUp():
            return _Rest("given_up")
        case Interrupted():
            return _Rest("pending", counted=False)
        case _:
            assert_never(outcome)


def _attempt(made: Try, outcome: Outcome, kept: Kept) -> Attempt:
    return Attempt(
        callback_id=made.callback_id,
        number=made.number,
        outcome=_word(outcome),
        stage=outcome.stage,
        error=outcome.error,
        detail=_text(outcome.detail),
        status=outcome.status,
        trigger=made.trigger,
        worker=made.worker,
        request=kept.request,
        answer=kept.answer,
        started_at=made.started_at,
        finished_at=kept.finished_at,
    )


def _word(outcome: Outcome) -> AttemptOutcome:
    if outcome.error == WORKER_LOST.error:
        return "may_have_been_sent"
    match outcome:
        case Delivered():
            return "delivered"
        case TryAgain():
            return "try_again"
        case GivenUp():
            return "given_up"
        case Interrupted():
            return "interrupted"
        case _:
            assert_never(outcome)


def _told(error: str, detail: str) -> str:
    """A code and what else is known of it, either of which may be empty."""
    return _text(f"{error}: {detail}" if error and detail else error or detail)


def _text(text: str) -> str:
    """Bounded, and without NUL, which Postgres' text cannot hold."""
    return text.replace("\x00", "\ufffd")[:_TEXT_LENGTH]
