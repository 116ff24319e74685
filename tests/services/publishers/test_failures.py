"""How an endpoint can fail, and what is made of it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dialects.atlas.outbound import AtlasOutbound
from dialects.contract import Call, CallbackToWrite, MissingContext
from dialects.standard.outbound import Standard
from runtime.settings import PolicySettings
from tests.services.publishers.world import World, publishing, settings_for, ticketed
from tests.sink import Reaction, Sink
from tests.waiting import until

ONE_TRY = {"once": PolicySettings(kind="fixed", wait_seconds=1, retries=0)}


@pytest.mark.parametrize(
    ("reaction", "error", "stage", "status"),
    [
        (Reaction(404), "http-404", "after", 404),
        (Reaction(302, headers=[("location", "http://127.0.0.1:1/")]), "redirect", "after", 302),
        (Reaction(hang_up="at-once"), "reset", "during", None),
        (Reaction(hang_up="reset"), "reset", "during", None),
        (Reaction(raw=b"SSH-2.0-OpenSSH\r\n\r\n"), "protocol", "during", None),
        (Reaction(delay_seconds=30), "timeout", "during", None),
        (Reaction(500, body=b"x" * 500, trickle_seconds=0.1), "http-500", "after", 500),
        (Reaction(500, body=b"\xff\x00\xfe", headers=[("x-name", "Zoë")]), "http-500", "after", 500),
    ],
)
async def test_a_failure_is_kept_by_name_and_stage(  # noqa: PLR0917 - pytest's
    world: World, sink: Sink, reaction: Reaction, error: str, stage: str, status: int | None
) -> None:
    await world.endpoint(sink.plan("/hook", reaction), policy="once", timeout_seconds=0.5)
    await world.owe()

    async with publishing(settings_for(world.dsn, policies=ONE_TRY)):
        await world.wait_states(given_up=1)

    (attempt,) = await world.attempts()
    assert (attempt["outcome"], attempt["error"], attempt["stage"], attempt["status"]) == (
        "given_up",
        error,
        stage,
        status,
    )
    assert len(sink.requests) == 1


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction(200, body=b"x" * 3_000_000),
        Reaction(200, body=b"x" * 500, trickle_seconds=0.1),
        Reaction(200, body=b"x" * 500, hang_up="in-body"),
        Reaction(200, body=b"x", claimed_length=2_000_000),
        Reaction(204, body=b""),
        Reaction(202, headers=[("x-name", "Zoë 中文")]),
    ],
)
async def test_a_yes_stands_whatever_comes_after_it(world: World, sink: Sink, reaction: Reaction) -> None:
    await world.endpoint(sink.plan("/hook", reaction), timeout_seconds=0.5)
    await world.owe()

    async with publishing(settings_for(world.dsn, kept_answer_bytes=100)):
        await world.wait_states(delivered=1)

    (attempt,) = await world.attempts()
    assert attempt["outcome"] == "delivered"
    assert len(attempt["answer"]) <= 100
    assert len(sink.requests) == 1


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", "refused"),
        ("http://no-such-name.invalid/", "dns"),
        ("http://10.1.2.3/", "address-not-allowed"),
        ("http://169.254.169.254/latest/meta-data", "address-not-allowed"),
        ("http://[::ffff:10.1.2.3]/", "address-not-allowed"),
        ("http://167837955/", "address-not-allowed"),
        ("ftp://127.0.0.1/", "url-invalid"),
    ],
)
async def test_nothing_is_sent_to_where_nobody_is_or_nobody_may(world: World, url: str, error: str) -> None:
    await world.endpoint(url, policy="once")
    await world.owe()

    async with publishing(settings_for(world.dsn, policies=ONE_TRY)):
        await world.wait_states(given_up=1)

    (attempt,) = await world.attempts()
    assert (attempt["error"], attempt["stage"]) == (error, "before")


async def test_410_disables_the_endpoint_and_holds_its_callbacks_until_it_is_enabled(world: World, sink: Sink) -> None:
    endpoint = await world.endpoint(sink.plan("/hook", Reaction(410), Reaction(200)))
    await world.owe(orders=1)

    async with publishing(settings_for(world.dsn)):

        async def disabled() -> bool:
            return bool(await world.value("SELECT state = 'disabled' FROM endpoints"))

        await until(disabled)
        await world.owe(orders=3)
        assert await world.value("SELECT state_reason FROM endpoints") != ""
        assert await world.states() == {"pending": 4}
        assert len(sink.requests) == 1
        await world.fetch(
            "UPDATE endpoints SET state = 'enabled', updated_at = now() WHERE endpoint_id = $1 RETURNING 1", endpoint
        )
        await world.wait_states(delivered=4)


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_is_waited_for(world: World, sink: Sink, form: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2.9), usegmt=True)
    value = "1.5" if form == "seconds" else later
    await world.endpoint(sink.plan("/hook", Reaction(503, headers=[("retry-after", value)]), Reaction(200)))
    await world.owe()

    async with publishing(settings_for(world.dsn)):
        first, second = await sink.wait_count("/hook", 2)

    assert 1.0 < second.at - first.at < 8.0


async def test_retry_after_never_shortens_the_policy_and_is_bounded(world: World, sink: Sink) -> None:
    await world.endpoint(
        sink.plan(
            "/hook",
            Reaction(429, headers=[("retry-after", "0")]),
            Reaction(429, headers=[("retry-after", "86400")]),
            Reaction(200),
        ),
        policy="half",
    )
    await world.owe()
    policies = {"half": PolicySettings(kind="fixed", wait_seconds=0.5, retries=10)}

    async with publishing(settings_for(world.dsn, policies=policies, retry_after_maximum_seconds=1.5)):
        first, second, third = await sink.wait_count("/hook", 3)

    assert 0.2 < second.at - first.at < 5  # a busy machine receives the first one late; unshortened it is 0.5
    assert 1.3 < third.at - second.at < 10


class Broken(Standard):
    """A dialect with a bug in it."""

    name = "broken"

    def write(self, callback: CallbackToWrite) -> Call:
        if callback.attempt < 3:
            raise KeyError("bug")
        return super().write(callback)


async def test_a_bug_in_a_dialect_fails_its_attempt_and_nothing_else(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/broken"), dialect="broken")
    await world.endpoint(sink.plan("/fine"), dialect="standard")
    await world.owe()
    await world.fetch("UPDATE callbacks SET state = 'pending', finished_at = NULL, outcome = '' RETURNING 1")

    async with publishing(settings_for(world.dsn), dialects={"broken": Broken(), "standard": Standard()}):
        await world.wait_states(delivered=2)

    failed = [row for row in await world.attempts() if row["outcome"] == "try_again"]
    assert [(row["error"], row["stage"], row["detail"]) for row in failed] == [
        ("write-failed", "before", "KeyError")
    ] * 2


class Waiting(Standard):
    """A dialect that lacks what it needs."""

    name = "waiting"

    def write(self, callback: CallbackToWrite) -> MissingContext:  # type: ignore[override]
        del callback
        return MissingContext(("segments", "price"))


async def test_what_cannot_be_written_is_visible_and_uses_up_no_attempt(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/waiting"), dialect="waiting")
    await world.endpoint(sink.plan("/atlas"), dialect="atlas")
    broken = ticketed("T-1")
    passenger = broken.passengers[0].model_copy(update={"document_type": "ID"})
    await world.say([("T-1", broken.model_copy(update={"passengers": (passenger,)}))])
    await world.fetch("UPDATE callbacks SET state = 'pending', finished_at = NULL, outcome = '' RETURNING 1")

    async with publishing(settings_for(world.dsn), dialects={"waiting": Waiting(), "atlas": AtlasOutbound()}):
        await world.wait_states(waiting=1, not_deliverable=1)

    outcomes = {row["state"]: (row["outcome"], row["attempts"]) for row in await world.fetch("SELECT * FROM callbacks")}
    assert outcomes["waiting"] == ("context-missing: segments, price", 0)
    assert "passengers[0].document_type 'ID'" in outcomes["not_deliverable"][0]
    assert outcomes["not_deliverable"][1] == 0
    assert await world.attempts() == []
    assert sink.requests == []


async def test_a_lost_policy_does_not_lose_the_callback(world: World, sink: Sink) -> None:
    await world.endpoint(sink.plan("/hook", Reaction(500)), policy="no-longer-configured")
    await world.owe()

    async with publishing(settings_for(world.dsn)):
        await sink.wait_count("/hook", 1)

        async def scheduled() -> bool:
            return bool(await world.value("SELECT state = 'pending' FROM callbacks"))

        await until(scheduled)

    wait = await world.value("SELECT extract(epoch FROM due_at - first_attempt_at)::float8 FROM callbacks")
    assert 4.4 < wait < 5.6
