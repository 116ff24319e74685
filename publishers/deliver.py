"""One callback's attempt, read aloud: write, send, classify, settle. Holds no database connection and never raises."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from prometheus_client import Counter, Histogram

from dialects.contract import Call, CallbackToWrite, MissingContext, NotDeliverable
from publishers.answer import Answered
from publishers.classify import classify
from publishers.endpoints import Target
from publishers.http_client import HttpClient
from publishers.masking import masked
from publishers.outcomes import Interrupted, Outcome, TryAgain
from publishers.settle import Kept, Settled, Try, settle, settle_unwritten
from runtime.logs import get_logger
from runtime.metrics import attempts_made, send_seconds
from runtime.settings import PublisherSettings
from schemas.events import EVENT_CONTENT
from store.callbacks import ClaimedCallback, ContextWait

log = get_logger()


class Leased(NamedTuple):
    """A claimed callback, and Postgres' clock since the claim: a worker's own may be wrong.

    `since` is the monotonic clock's time just before the claim: who is frozen then, or later, sees it.
    """

    claimed: ClaimedCallback
    target: Target
    worker: str
    since: float

    @property
    def age_seconds(self) -> float:
        """Since the claim."""
        return time.monotonic() - self.since

    def now(self) -> datetime:
        return self.claimed.sending_since + timedelta(seconds=self.age_seconds)

    def has_ended(self, *, margin_seconds: float) -> bool:
        """Whether the lease may be over: another publisher may have sent the call meanwhile, and what follows it."""
        seconds = self.claimed.start_in_seconds + self.target.endpoint.timeout_seconds + margin_seconds
        return self.age_seconds > seconds

    def attempt(self) -> Try:
        """The attempt that begins now."""
        claimed, age_seconds = self.claimed, self.age_seconds
        return Try(
            callback_id=claimed.callback_id,
            endpoint_id=claimed.endpoint_id,
            order_id=claimed.order_id,
            attempts=claimed.attempts,
            number=claimed.attempt_number,
            trigger=claimed.trigger,
            worker=self.worker,
            age_seconds=claimed.age_seconds + age_seconds,
            started_at=claimed.sending_since + timedelta(seconds=age_seconds),
        )


async def deliver(leased: Leased, *, client: HttpClient, settings: PublisherSettings) -> Settled:
    """Make one attempt. Cancelled, it raises CancelledError and nothing is known of the call."""
    target = leased.target
    made = leased.attempt()
    call = _write(leased, made.started_at)
    match call:
        case NotDeliverable() | MissingContext():
            wait = ContextWait(EVENT_CONTENT.validate_json(leased.claimed.content).order_no, leased.claimed.context_at)
            settled = settle_unwritten(made, call, wait=wait)
            _log(leased, settled, seconds=0.0)
            return settled
        case TryAgain():
            return _settled(leased, made, call, Kept(leased.now()))
        case Call():
            result = await client.send(call, timeout_seconds=target.endpoint.timeout_seconds)
    finished_at = leased.now()
    outcome = classify(
        result,
        judge=target.dialect.judge,
        now=finished_at,
        retry_after_maximum_seconds=settings.retry_after_maximum_seconds,
    )
    answer = result.answer.body[: settings.kept_answer_bytes] if isinstance(result, Answered) else None
    return _settled(leased, made, outcome, Kept(finished_at, masked(call.body, target.dialect.private_fields), answer))


def interrupted(leased: Leased, *, sent: bool) -> Settled:
    """The attempt of a callback whose call we cut, or never began, because we stop."""
    made = leased.attempt()
    return _settled(leased, made, Interrupted("during" if sent else "before"), Kept(leased.now()))


def failed(leased: Leased, error: Exception) -> Settled:
    """The attempt that met a bug of ours."""
    made = leased.attempt()
    return _settled(leased, made, TryAgain("during", "publisher-failed", type(error).__name__), Kept(leased.now()))


def _write(leased: Leased, now: datetime) -> Call | NotDeliverable | MissingContext | TryAgain:
    """A bug in a dialect fails this attempt alone."""
    target, claimed = leased.target, leased.claimed
    try:
        content = EVENT_CONTENT.validate_json(claimed.content)
        call = target.dialect.write(
            CallbackToWrite(
                callback_id=claimed.callback_id,
                attempt=claimed.attempt_number,
                source=claimed.source,
                order_no=content.order_no,
                event_time=claimed.arrived_at,
                content=content,
                change=claimed.change or {},
                context=claimed.context,
                url=target.endpoint.url,
                credentials=target.credentials,
                now=now,
                replay=claimed.replay,
                delivered_before=claimed.delivered_before,
            )
        )
    except Exception as error:  # noqa: BLE001 - whatever a dialect does, the worker goes on; it is recorded
        return TryAgain("before", "write-failed", type(error).__name__)
    return _with_headers(call, target) if isinstance(call, Call) else call


def _with_headers(call: Call, target: Target) -> Call:
    """The endpoint's own headers, under the dialect's: what is signed cannot be overwritten."""
    return replace(call, headers={**target.headers, **call.headers}) if target.headers else call


def _settled(leased: Leased, made: Try, outcome: Outcome, kept: Kept) -> Settled:
    target = leased.target
    settled = settle(made, outcome, endpoint=target.endpoint, policy=target.policy, kept=kept)
    seconds = (kept.finished_at - made.started_at).total_seconds()
    if settled.result.attempt is not None:
        made_so, took = _series(target.endpoint.dialect, settled.result.attempt.outcome)
        made_so.inc()
        took.observe(seconds)
    _log(leased, settled, seconds=seconds)
    return settled


@cache
def _series(dialect: str, outcome: str) -> tuple[Counter, Histogram]:
    """The attempts of such an outcome, and how long calls take. Kept, for finding a series costs more than adding to
    it; their number is bounded as their labels are."""
    return attempts_made.labels(dialect, outcome), send_seconds.labels(dialect)


def _log(leased: Leased, settled: Settled, *, seconds: float) -> None:
    """The one wide line of an attempt."""
    attempt = settled.result.attempt
    log.info(
        "callback.attempted",
        callback=str(leased.claimed.callback_id),
        endpoint=leased.target.endpoint.name,
        order=str(leased.claimed.order_id),
        event_id=str(leased.claimed.event_id),
        sequence=leased.claimed.sequence,
        attempt=leased.claimed.attempt_number,
        outcome=attempt.outcome if attempt else settled.result.state,
        stage=attempt.stage if attempt else "before",
        error=attempt.error if attempt else settled.result.outcome,
        status=attempt.status if attempt else None,
        state=settled.result.state,
        seconds=round(seconds, 4),
    )
