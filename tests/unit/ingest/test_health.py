"""Alive as long as it answers, ready when every check says so."""

import asyncio
import json

import pytest

from runtime import health as health_module
from runtime.health import Health
from tests.unit.ingest.without_server import call, call_asgi, ingest


async def test_alive_and_ready_without_checks() -> None:
    for path in ("/livez", "/readyz"):
        assert (await call_asgi(Health(), path, method="GET")).status == 200


async def test_reasons_are_named_and_livez_stays() -> None:
    async def lagging() -> str:
        return "is far behind"

    health = Health()
    health.add("kafka", lambda: "is down")
    health.add("consumer", lagging)
    health.add("postgres", lambda: None)
    answer = await call_asgi(health, "/readyz", method="GET")
    assert answer.status == 503
    assert json.loads(answer.body)["reasons"] == {"kafka": "is down", "consumer": "is far behind"}
    assert (await call_asgi(health, "/livez", method="GET")).status == 200


async def test_a_check_that_hangs_or_breaks_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    def broken() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(health_module, "CHECK_PATIENCE_SECONDS", 0.01)
    health = Health()
    health.add("hangs", hang)
    health.add("breaks", broken)
    reasons = await health.reasons()
    assert "did not answer" in reasons["hangs"]
    assert "RuntimeError" in reasons["breaks"]
    assert "secret" not in reasons["breaks"]


async def test_a_stopping_service_is_not_ready() -> None:
    health = Health()
    health.stopping()
    assert (await call_asgi(health, "/readyz", method="GET")).status == 503


async def test_metrics_are_prometheus_text() -> None:
    answer = await call_asgi(Health(), "/metrics", method="GET")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"ticketwire_ingest_requests_total" in answer.body


async def test_other_paths_and_methods() -> None:
    assert (await call_asgi(Health(), "/other", method="GET")).status == 404
    assert (await call_asgi(Health(), "/livez", method="POST")).status == 405


async def test_ingest_answers_for_them_the_same() -> None:
    for path, method in (("/livez", "GET"), ("/readyz", "HEAD"), ("/readyz", "POST")):
        asked = await call_asgi(Health(), path, method=method)
        answer = await call(ingest().app, path, method=method)
        assert (answer.status, answer.headers) == (
            asked.status,
            asked.headers | {"content-length": str(len(asked.body))},
        )
        assert answer.body == (b"" if method == "HEAD" else asked.body)
