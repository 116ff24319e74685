"""Every webhook is answered as DESIGN §4 says, and what is sent on is the body as it came with its headers."""

import asyncio
import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from ingest import limits
from ingest.sources import load_sources
from runtime.errors import ConfigurationError, InvalidRequest, ServiceUnavailable
from runtime.settings import SourceSettings, VerificationSettings
from schemas.raw_event import from_record
from tests.unit.ingest.without_server import BODY, HANG, HANG_UP, call, ingest
from tests.waiting import until

SIGNED = {"scheme": "hmac", "secrets": ["s3cret"], "header": "X-Sign"}


async def test_an_event_goes_to_its_topic_with_its_order_as_key_and_its_bytes_unchanged() -> None:
    hub = ingest()
    begun = datetime.now(UTC)
    answer = await hub.post(BODY + b" \n", content_type="application/json; charset=utf-8")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"{}", "application/json")
    ((topic, key, value, headers),) = hub.producer.sent
    event = from_record(key=key, value=value, headers=list(headers.items()))
    assert (topic, event.body, event.order_no, event.type) == (
        "t.raw.order.ticketed",
        BODY + b" \n",
        "A1",
        "order.ticketed",
    )
    assert (event.source, event.dialect) == ("atlas", "atlas")
    assert event.content_type == "application/json; charset=utf-8"
    assert event.ce_id.version == 7
    assert begun <= event.time <= datetime.now(UTC)


async def test_an_unknown_type_goes_to_unrouted_under_its_own_name() -> None:
    hub = ingest()
    assert (await hub.post(BODY.replace(b"ticketed", b"schedulechange"))).status == 200
    assert hub.producer.sent[0][0] == "t.raw.unrouted"
    assert hub.producer.sent[0][3]["ce_type"] == b"order.schedulechange"


async def test_chunks_make_one_body() -> None:
    hub = ingest()
    assert (await hub.post(BODY[:10], BODY[10:30], BODY[30:])).status == 200
    assert hub.producer.sent[0][2] == BODY


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", False),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", False),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", False),
        ("rubbish\xff", False),
    ],
)
async def test_only_a_well_formed_traceparent_travels_on(given: str, kept: bool) -> None:
    hub = ingest()
    await hub.post(BODY, traceparent=given)
    assert (hub.producer.sent[0][3].get("traceparent") == given.encode()) is kept


async def test_signed_headers_travel_on_and_others_do_not() -> None:
    hub = ingest(sources={"a": {"dialect": "atlas", "verification": SIGNED}})
    signature = hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()
    answer = await hub.post(BODY, path="/in/a", x_sign=signature, reply_to="x", authorization="Bearer y")
    assert answer.status == 200
    kept = {name: value for name, value in hub.producer.sent[0][3].items() if not name.startswith(("ce_", "content"))}
    assert kept == {
        "ticketwire_dialect": b"atlas",
        "ticketwire_verified": b"hmac/1",
        "ticketwire_http_x-sign": signature.encode(),
    }


async def test_a_wrong_signature_is_401_before_the_body_is_looked_at() -> None:
    hub = ingest(sources={"a": {"dialect": "atlas", "verification": SIGNED}})
    answer = await hub.post(b"rubbish", path="/in/a", x_sign="00")
    assert (answer.status, answer.code, hub.producer.sent) == (401, "not-authentic", [])


@pytest.mark.parametrize(
    "path", ["/in/nobody", "/in/", "/in", "/", "/in/ATLAS", "/in/atlas%00", "/console", "/in//atlas"]
)
async def test_an_unknown_path_or_source_is_404_and_names_nothing(path: str) -> None:
    answer = await ingest().post(BODY, path=path)
    assert (answer.status, answer.code) == (404, "not-found")
    assert b"atlas" not in answer.body


async def test_below_a_source_only_the_dialects_paths_are_known() -> None:
    assert (await ingest().post(BODY, path="/in/atlas/router/rest")).status == 404
    assert (await ingest().post(BODY, path="/in/atlas/")).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_other_methods_are_405(method: str) -> None:
    answer = await call(ingest().app, "/in/atlas", BODY, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b"\xff", b'{"type": "order.void"}', BODY.replace(b"A1", b" ")]
)
async def test_rubbish_is_400(body: bytes) -> None:
    hub = ingest()
    answer = await hub.post(body)
    assert (answer.status, answer.code, hub.producer.sent) == (400, "malformed", [])


@pytest.mark.parametrize("content_type", ["text/xml", "multipart/form-data", "\xff\xfe", ""])
async def test_this_contract_takes_any_content_type(content_type: str) -> None:
    assert (await ingest().post(BODY, content_type=content_type)).status == 200


async def test_the_event_says_how_its_sender_was_proven_and_holds_no_secret() -> None:
    hub = ingest(sources={"a": {"dialect": "atlas", "verification": SIGNED | {"secrets": ["0ld", "s3cret"]}}})
    signature = hmac.new(b"s3cret", BODY, hashlib.sha256).hexdigest()
    forged = {"x-sign": signature, "ticketwire_verified": "dialect/9"}
    assert (await call(hub.app, "/in/a", BODY, headers=forged)).status == 200
    assert hub.producer.sent[0][3]["ticketwire_verified"] == b"hmac/2"
    assert b"s3cret" not in b"".join(hub.producer.sent[0][3].values())
    unproven = ingest()
    await unproven.post(BODY)
    assert unproven.producer.sent[0][3]["ticketwire_verified"] == b"none"


async def test_strange_headers_are_no_fault() -> None:
    hub = ingest(sources={"a": {"dialect": "atlas", "verification": SIGNED}})
    strange = {"x-sign": "\xff\xfe", "\xe4": "\xb8", "content-length": "nine"}
    assert (await call(hub.app, "/in/a", BODY, headers=strange)).status == 401


class TestLimits:
    async def test_an_announced_size_above_the_limit_is_413_without_reading(self) -> None:
        hub = ingest(max_body_bytes=1024)
        answer = await hub.post(HANG, content_length="1025")
        assert (answer.status, answer.code) == (413, "too-large")

    async def test_a_body_that_grows_above_the_limit_is_413_and_never_held(self) -> None:
        hub = ingest(max_body_bytes=1024)
        answer = await hub.post(b"x" * 1000, b"x" * 1000, HANG)
        assert answer.status == 413
        assert (await hub.post(b"x" * 1000, b"x" * 1000, HANG, content_length="5")).status == 413

    async def test_a_body_of_just_the_limit_is_taken(self) -> None:
        hub = ingest(max_body_bytes=1024)
        assert (await hub.post(BODY + b" " * (1024 - len(BODY)), content_length="1024")).status == 200

    async def test_a_body_that_never_ends_is_408(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "BODY_PATIENCE_SECONDS", 0.01)
        answer = await ingest().post(BODY[:5], HANG)
        assert (answer.status, answer.code) == (408, "too-slow")

    async def test_regression_a_body_that_ends_too_early_is_the_senders_fault(self) -> None:
        """Nothing was answered, so the server answered 500 to whoever sent malformed chunks, or half closed."""
        hub = ingest()
        answer = await hub.post(BODY[:5], HANG_UP, content_length="50")
        assert (answer.status, answer.code) == (400, "malformed")
        assert (hub.producer.sent, hub.receiver.in_flight.now) == ([], 0)

    async def test_past_the_sources_rate_is_429_with_the_time_to_wait(self) -> None:
        hub = ingest(sources={"a": {"dialect": "atlas", "rate_per_second": 0.5, "burst": 2}, "b": {"dialect": "atlas"}})
        answers = [await hub.post(BODY, path="/in/a") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "2"
        assert (await hub.post(BODY, path="/in/b")).status == 200

    async def test_past_the_bytes_in_flight_is_503_until_some_are_answered(self) -> None:
        hub = ingest(max_in_flight_bytes=1024 * 1024, max_body_bytes=1024 * 1024, retry_after_seconds=7)
        hub.producer.gate = asyncio.Event()
        big = BODY + b" " * 600_000
        waiting = asyncio.create_task(hub.post(big, content_length=str(len(big))))
        await until(lambda: hub.receiver.in_flight.now > 0)
        refused = await hub.post(big, content_length=str(len(big)))
        assert (refused.status, refused.headers["retry-after"]) == (503, "7")
        assert hub.receiver.in_flight.now == len(big)
        hub.producer.gate.set()
        assert (await waiting).status == 200
        assert hub.receiver.in_flight.now == 0

    async def test_regression_bodies_that_are_only_announced_shut_nobody_out(self) -> None:
        """Their announced sizes were held: 64 clients that sent nothing made ingest answer 503 to all others."""
        hub = ingest(max_in_flight_bytes=1024 * 1024, max_body_bytes=1024 * 1024)
        idle = [asyncio.create_task(hub.post(b"{", HANG, content_length="1048576")) for _ in range(10)]
        await until(lambda: hub.receiver.in_flight.now == len(idle))
        assert (await hub.post(BODY, content_length=str(len(BODY)))).status == 200
        for task in idle:
            task.cancel()
        await asyncio.gather(*idle, return_exceptions=True)

    async def test_regression_a_body_in_crumbs_is_refused_before_it_costs_much(self) -> None:
        """A megabyte in chunks of one byte took a core for 18 seconds."""
        hub = ingest()
        begun = time.process_time()
        answer = await hub.post(BODY, *[b" "] * 500_000)
        assert (answer.status, answer.code) == (400, "malformed")
        assert time.process_time() - begun < 1
        assert (await hub.post(BODY, *[b" "] * 500)).status == 200
        assert (await hub.post(BODY, *[b" " * 100] * 5_000)).status == 200

    @pytest.mark.parametrize("chunks", [(BODY,), (b"x",), (b"x" * 2000,), (b"x", HANG_UP)])
    async def test_every_way_out_gives_the_bytes_back(self, chunks: tuple[bytes, ...]) -> None:
        hub = ingest(max_body_bytes=1024)
        hub.producer.fault = ServiceUnavailable("down")
        await hub.post(*chunks)
        assert hub.receiver.in_flight.now == 0


class TestWhenSendingFails:
    async def test_kafka_down_is_503_with_retry_after(self) -> None:
        hub = ingest()
        hub.producer.fault = ServiceUnavailable("no broker at 10.0.0.1")
        answer = await hub.post(BODY)
        assert (answer.status, answer.headers["retry-after"], answer.code) == (503, "2", "unavailable")
        assert b"10.0.0.1" not in answer.body

    async def test_a_record_the_topic_does_not_take_is_413(self) -> None:
        hub = ingest()
        hub.producer.fault = InvalidRequest("too large")
        assert (await hub.post(BODY)).status == 413

    async def test_a_fault_of_ours_is_500_without_a_trace_of_it(self) -> None:
        hub = ingest()
        hub.producer.fault = RuntimeError("secret inside")
        with capture_logs() as lines:
            answer = await hub.post(BODY)
        assert (answer.status, answer.code) == (500, "internal")
        assert b"secret" not in answer.body
        assert b"Traceback" not in answer.body
        assert any(line["event"] == "ingest.failed" for line in lines)


async def test_what_is_declined_is_logged_in_one_line_without_contents() -> None:
    with capture_logs() as lines:
        await ingest().post(b'{"name": "ZHANG/SAN"}')
        await ingest().post(BODY)
    assert [(line["event"], line["source"], line["status"]) for line in lines] == [("ingest.declined", "atlas", 400)]
    assert "ZHANG" not in str(lines)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"dialect": "atlsa"}, "did you mean 'atlas'"),
        ({"dialect": "atlas", "verification": {"scheme": "hmac"}}, "sources.x.verification"),
    ],
)
def test_wrong_sources_are_named_at_the_start(source: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        load_sources({"x": SourceSettings.model_validate(source)})


def test_without_configured_sources_ingest_starts_with_those_that_may_be_unverified() -> None:
    sources = load_sources({})
    assert "atlas" in sources
    assert all(source.dialect.wrong_settings(VerificationSettings()) is None for source in sources.values())
