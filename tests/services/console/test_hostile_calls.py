"""Whatever is sent, the answer is ours, in our form, and never a 5xx."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.paging import write_cursor
from tests.services.console.conftest import TOKEN, Api

pytestmark = pytest.mark.services

RUBBISH = ["\x00", "a\x00b", "\ufffd", "💥", "' OR 1=1 --", "../../etc/passwd", "a" * 5000, "%00", "\r\nX: y"]
CURSORS = [
    *("", "x", "====", "W10", "bnVsbA", "é", "A" * 399),
    write_cursor(1, 2),
    write_cursor("2026-01-01", "x"),
    write_cursor("2026-01-01T00:00:00Z", "0", "x"),
    write_cursor(datetime.now(UTC), 10**15, "x"),
    write_cursor(datetime.now(UTC), 1, "a\x00"),
    write_cursor(datetime.min.replace(tzinfo=UTC), "0" * 32),
]
NUMBERS = ["0", "-1", "501", "9" * 30, "1e3", "NaN", "", "1.5", "٣"]


def check(status: int, body: Any) -> None:
    assert status < 500, body
    if status >= 400:
        assert set(body["error"]) == {"code", "message", "hint"}
        assert body["error"]["code"] in {"invalid-request", "not-found", "conflict", "not-json", "too-large"}


@pytest.mark.parametrize("path", ["/orders", "/callbacks", "/parked", "/orders/A-1", "/orders/A-1/timeline"])
async def test_hostile_questions_are_refused_or_find_nothing(api: Api, path: str) -> None:
    names = ["order_no", "ticket_number", "pnr", "passenger", "source", "state", "endpoint", "event_type", "topic"]
    names += ["fingerprint", "since", "until", "updated_since", "attention", "unknown"]
    questions = [{name: value} for name in names for value in RUBBISH]
    questions += [{"cursor": cursor} for cursor in CURSORS] + [{"limit": number} for number in NUMBERS]
    for question in questions:
        answer = await api.get(path, **question)
        check(answer.status, answer.json)


async def test_hostile_paths_are_refused_or_not_found(api: Api) -> None:
    for word in ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "💥", "a" * 3000, "%2e%2e", "0" * 32, "not-a-uuid", "%0d%0a"):
        for path in (f"/orders/{word}", f"/orders/{word}/timeline", f"/endpoints/{word}", f"/parked/{word}"):
            answer = await api.get(path)
            check(answer.status, answer.json)
            assert answer.status in {404, 422}, (path, answer)
        answer = await api.post(f"/callbacks/{word}/retry")
        check(answer.status, answer.json)


async def test_regression_a_slash_too_many_is_no_redirection(api: Api) -> None:
    """It was answered 307 without our form, and led to whatever Host the caller had written."""
    for path in ("/endpoints/", "/callbacks/", "/parked/", "/status/"):
        answer = await api.get(path)
        assert (answer.status, answer.code) == (404, "not-found")


async def raw(api: Api, body: bytes, *, content_type: str = "application/json") -> tuple[int, Any]:
    request = api.client.post(f"{api.url}/api/v1/endpoints").bearer_auth(TOKEN).header("content-type", content_type)
    response = await request.body_bytes(body).build().send()
    return response.status, await response.json()


async def test_hostile_bodies_are_refused(api: Api) -> None:
    url = b'"url": "https://x.example"'
    bodies = [
        *(b"", b"{", b"[]", b"null", b"\xff", b'"x"', b"[" * 100_000, b'{"a":' * 50_000),
        b'{"name": "a\\u0000b", ' + url + b"}",
        b'{"name": "a", "policy": "\\ud800", ' + url + b"}",
        b'{"name": "\\ud800", ' + url + b"}",
        b'{"name": "a", "\\ud800": 1, ' + url + b"}",
        b'{"name": "a", "rate_limit": NaN, ' + url + b"}",
        b'{"name": "a", "rate_limit": 1e999, ' + url + b"}",
        b'{"name": "a", "max_in_flight": ' + b"9" * 5000 + b", " + url + b"}",
        b'{"name": "a", "credentials": {"secrets": "\\ud800"}, ' + url + b"}",
        b'{"name": "a", "credentials": {"x": ' + b"9" * 100 + b"}, " + url + b"}",
        b'{"name": "a", "headers": {"webhook-id": "x"}, ' + url + b"}",
        b'{"name": "a", "headers": {"X": "a\\r\\nb"}, ' + url + b"}",
        b'{"name": "a", "url": "https://u:p@x.example"}',
        b'{"name": "a", "filter": {"sources": ["\\u0000"]}, ' + url + b"}",
    ]
    for body in bodies:
        status, answer = await raw(api, body)
        check(status, answer)
        assert status >= 400, (body[:80], answer)
    assert await api.pool.fetchval("SELECT count(*) FROM endpoints") == 0


async def test_a_body_past_any_use_is_too_large(api: Api) -> None:
    status, answer = await raw(api, b'"' + b"a" * 300_000 + b'"')
    assert (status, answer["error"]["code"]) == (413, "too-large")


async def test_without_the_token_nothing_is_answered(api: Api) -> None:
    for authorization in (None, "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"):
        for path in ("/orders", "/status", "/nothing", ""):
            request = api.client.post(f"{api.url}/api/v1{path}").body_bytes(b"{}")
            if authorization is not None:
                request = request.header("authorization", authorization)
            response = await request.build().send()
            assert response.status == 401
            assert (await response.json())["error"]["code"] == "unauthorized"
