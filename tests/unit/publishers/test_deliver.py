"""One attempt, with a client that answers as it is told: what is sent, recorded and logged."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from dialects.contract import Answer, Call
from dialects.registry import OUTBOUND
from publishers.answer import Answered
from publishers.deliver import Leased, deliver
from publishers.endpoints import Target
from publishers.schedule import STANDARD, Policies
from publishers.settle import Settled
from runtime.settings import PublisherSettings
from store.callbacks import ClaimedCallback
from store.endpoints import Endpoint

CALLBACK, ENDPOINT, ORDER, EVENT = (UUID(int=number) for number in (1, 2, 3, 4))
CLAIMED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENT = {
    "type": "order.ticketed",
    "order_no": "A1",
    "order_status": 2,
    "passengers": [{"name": "ZHANG/SAN", "birthday": "19910101"}],
}


class Client:
    """Answers every call alike, and keeps it."""

    def __init__(self, status: int) -> None:
        self.calls: list[Call] = []
        self._status = status

    async def send(self, call: Call, *, timeout_seconds: float) -> Answered:
        del timeout_seconds
        self.calls.append(call)
        return Answered(Answer(self._status, {}, b"ok"))

    async def close(self) -> None:
        pass


def leased(*, headers: dict[str, str] | None = None, since: float | None = None) -> Leased:
    endpoint = Endpoint(
        endpoint_id=ENDPOINT,
        name="partner",
        url="http://127.0.0.1:1/hook",
        dialect="standard",
        event_types=("order.ticketed",),
        policy=STANDARD,
        secrets=b"",
        rate_limit=None,
        max_in_flight=1,
        timeout_seconds=5.0,
        on_give_up="keep",
        filter={},
    )
    claimed = ClaimedCallback(
        callback_id=CALLBACK,
        endpoint_id=ENDPOINT,
        order_id=ORDER,
        event_id=EVENT,
        sequence=7,
        attempts=2,
        attempt_number=3,
        trigger="policy",
        replay=False,
        age_seconds=60.0,
        sending_since=CLAIMED_AT,
        start_in_seconds=0.0,
        content=orjson.dumps(CONTENT).decode(),
        arrived_at=CLAIMED_AT,
        source="atlas",
        change=None,
        context=None,
        context_at=None,
        delivered_before=False,
    )
    target = Target(endpoint, OUTBOUND["standard"], {}, headers or {}, Policies({}).named(STANDARD))
    return Leased(claimed, target, "worker", time.monotonic() if since is None else since)


def attempted(client: Client, work: Leased) -> tuple[Settled, list[Any]]:
    """What is to be recorded, and the log lines."""
    with structlog.testing.capture_logs() as lines:
        settled = asyncio.run(deliver(work, client=client, settings=PublisherSettings()))
    return settled, list(lines)


def test_an_attempt_has_one_line_with_every_id_on_it() -> None:
    _, (line,) = attempted(Client(200), leased())
    assert 0 <= line.pop("seconds") < 5
    assert list(line.items()) == [
        ("callback", str(CALLBACK)),
        ("endpoint", "partner"),
        ("order", str(ORDER)),
        ("event_id", str(EVENT)),
        ("sequence", 7),
        ("attempt", 3),
        ("outcome", "delivered"),
        ("stage", "after"),
        ("error", ""),
        ("status", 200),
        ("state", "delivered"),
        ("event", "callback.attempted"),
        ("log_level", "info"),
    ]


def test_a_failure_says_in_line_and_record_what_it_was() -> None:
    settled, (line,) = attempted(Client(500), leased())
    assert (line["outcome"], line["stage"], line["error"], line["status"]) == ("try_again", "after", "http-500", 500)
    assert settled.result.outcome == "http-500"
    assert settled.result.attempt is not None
    assert (settled.result.attempt.request or b"").count(b'"birthday":"***"') == 1


def test_times_run_from_the_claim_by_postgres_clock() -> None:
    settled, _ = attempted(Client(200), leased(since=time.monotonic() - 2.0))
    assert settled.result.attempt is not None
    started_at, finished_at = settled.result.attempt.started_at, settled.result.attempt.finished_at
    assert timedelta(seconds=2) <= started_at - CLAIMED_AT < timedelta(seconds=7)
    assert started_at <= finished_at < started_at + timedelta(seconds=5)


def test_age_counts_what_was_before_the_claim_and_what_was_after() -> None:
    made = leased(since=time.monotonic() - 2.0).attempt()
    assert 62.0 <= made.age_seconds < 67.0


def test_an_endpoints_own_headers_are_sent_under_those_of_the_dialect() -> None:
    client = Client(200)
    attempted(client, leased(headers={"x-partner": "us", "webhook-id": "forged"}))
    attempted(client, leased())
    with_own, without = client.calls
    moment = with_own.headers["webhook-timestamp"]
    assert with_own.headers == {**without.headers, "x-partner": "us", "webhook-timestamp": moment}
    assert list(with_own.headers)[:2] == ["x-partner", "webhook-id"]
