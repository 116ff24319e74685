"""Commands that call the API: which console, with which token, what is printed where."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from cli.running import RunningUp, only_one, write_running
from tests.unit.cli.conftest import Run


@dataclass
class FakeConsole:
    """Answers as told and remembers what it was asked."""

    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, list[str]], Any, str]] = field(default_factory=list)


@pytest.fixture
def fake_console() -> Iterator[FakeConsole]:
    fake = FakeConsole()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            said = orjson.loads(body) if body else None
            token = self.headers.get("authorization", "")
            fake.asked.append((self.command, parts.path, parse_qs(parts.query), said, token))
            content = orjson.dumps(fake.answer)
            self.send_response(fake.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815 - the names that the base class looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


@pytest.fixture
def own_token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TICKETWIRE_ADMIN_TOKEN", "own-token")
    return "Bearer own-token"


def running_at(url: str) -> RunningUp:
    return RunningUp(
        pid=1, console=url, admin_token="up-token", ingest=url, sources={}, kafka="", postgres="", services=[]
    )


CALLS = [
    (("endpoint", "list"), "GET", "/endpoints", {}, None),
    (("endpoint", "show", "a b/c"), "GET", "/endpoints/a%20b%2Fc", {}, None),
    (("endpoint", "delete", "shop", "--yes"), "DELETE", "/endpoints/shop", {}, None),
    (("endpoint", "enable", "shop"), "POST", "/endpoints/shop/enable", {}, None),
    (("endpoint", "disable", "shop", "--reason", "x"), "POST", "/endpoints/shop/disable", {}, {"reason": "x"}),
    (("endpoint", "rotate-secret", "shop"), "POST", "/endpoints/shop/rotate-secret", {}, None),
    (
        ("endpoint", "test", "shop", "--event", "order.void"),
        "POST",
        "/endpoints/shop/test",
        {"event_type": ["order.void"]},
        None,
    ),
    (("endpoint", "update", "shop", "--rate-limit", "0"), "PATCH", "/endpoints/shop", {}, {"rate_limit": None}),
    (
        (
            *("endpoint", "create", "shop", "--to", "https://x", "--event", "order.void", "--header", "X-Key: a:b"),
            *("--source", "atlas", "--credentials", '{"secrets": []}'),
        ),
        "POST",
        "/endpoints",
        {},
        {
            "name": "shop",
            "url": "https://x",
            "event_types": ["order.void"],
            "headers": {"X-Key": "a:b"},
            "filter": {"sources": ["atlas"]},
            "credentials": {"secrets": []},
        },
    ),
    (
        ("order", "list", "--ticket", "T 1", "--state", "voided", "--limit", "3"),
        "GET",
        "/orders",
        {"ticket_number": ["T 1"], "state": ["voided"], "limit": ["3"]},
        None,
    ),
    (("order", "show", "A/1", "--source", "atlas"), "GET", "/orders/A%2F1", {"source": ["atlas"]}, None),
    (("callback", "list", "--order", "A"), "GET", "/callbacks", {"order_no": ["A"], "limit": ["50"]}, None),
    (("callback", "show", "msg_1"), "GET", "/callbacks/msg_1", {}, None),
    (("callback", "retry", "1"), "POST", "/callbacks/1/retry", {}, None),
    (("callback", "cancel", "1"), "POST", "/callbacks/1/cancel", {}, {"reason": ""}),
    (("parked", "list"), "GET", "/parked", {"state": ["parked"], "limit": ["50"]}, None),
    (("parked", "groups"), "GET", "/parked/groups", {}, None),
    (("parked", "show", "1"), "GET", "/parked/1", {}, None),
    (
        ("actions", "--actor", "ana", "--since", "-2h", "--subject", "run", "--run", "r", "--before", "7"),
        "GET",
        "/actions",
        {"actor": ["ana"], "since": ["-2h"], "subject": ["run"], "run_id": ["r"], "before": ["7"], "limit": ["50"]},
        None,
    ),
]


@pytest.mark.parametrize(("words", "method", "path", "query", "body"), CALLS, ids=lambda value: str(value)[:40])
def test_a_command_is_one_call_and_prints_its_answer_as_json(
    *,
    run: Run,
    fake_console: FakeConsole,
    own_token: str,
    words: tuple[str, ...],
    method: str,
    path: str,
    query: dict[str, list[str]],
    body: Any,
) -> None:
    fake_console.answer = {"said": "ü"}
    said = run(*words, "--url", fake_console.url, "--json")
    assert (said.code, said.json) == (0, {"said": "ü"})
    assert fake_console.asked == [(method, f"/api/v1{path}", query, body, own_token)]


def test_a_timeline_is_fetched_to_its_end(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    fake_console.answer = {"order_no": "A", "entries": [], "next_cursor": None}
    said = run("order", "timeline", "A", "--url", fake_console.url, "--json")
    assert said.json == {"order_no": "A", "entries": [], "next_cursor": None}
    assert len(fake_console.asked) == 1


def test_actions_say_who_did_what_why_and_what_came_of_it(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    asked = {"mode": "apply", "selection": {"order_no": "A-1", "types": ["order.void"]}, "rate": None}
    deed = {"at": "12:00", "actor": "ana", "reason": "a dispute", "run_id": "r", "run_state": "done"}
    fake_console.answer = {
        "actions": [
            {**deed, "action": "replay", "subject": "run", "subject_id": "r", "details": asked},
            {**deed, "action": "redrive", "subject": "parked", "subject_id": "p", "details": {"landed": False}},
        ],
        "next_before": 4,
    }
    said = run("actions", "--url", fake_console.url)
    _, first, second = (" ".join(line.split()) for line in said.out.splitlines())
    assert first == "12:00 ana replay run r a dispute mode apply, order_no A-1, types order.void, run done"
    assert second == "12:00 ana redrive parked p a dispute landed False, by run r"
    assert said.err == "there is more: --before 4\n"


def test_the_running_up_is_found_with_its_token(run: Run, fake_console: FakeConsole, tmp_path: Path) -> None:
    fake_console.answer = []
    with only_one(tmp_path / ".ticketwire"):
        write_running(tmp_path / ".ticketwire", running_at(fake_console.url))
        assert run("endpoint", "list").code == 0
    assert fake_console.asked[0][4] == "Bearer up-token"


def test_the_token_of_up_goes_nowhere_else(run: Run, fake_console: FakeConsole, tmp_path: Path) -> None:
    with only_one(tmp_path / ".ticketwire"):
        write_running(tmp_path / ".ticketwire", running_at("http://127.0.0.1:1"))
        said = run("endpoint", "list", "--url", fake_console.url)
    assert (said.code, fake_console.asked) == (2, [])
    assert "TICKETWIRE_ADMIN_TOKEN" in said.err


@pytest.mark.parametrize(("status", "code"), [(404, 1), (409, 1), (503, 1), (422, 2), (401, 2)])
def test_a_refusal_is_said_in_the_consoles_words(
    run: Run, fake_console: FakeConsole, own_token: str, status: int, code: int
) -> None:
    fake_console.status = status
    fake_console.answer = {"error": {"code": "some-code", "message": "what was wrong", "hint": "what to do"}}
    said = run("order", "show", "A", "--url", fake_console.url, "--json")
    assert (said.code, said.out) == (code, "")
    assert said.err == "error: what was wrong\n  hint: what to do\n"


def test_a_stranger_behind_the_address_is_recognised(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    fake_console.status, fake_console.answer = 404, "<html>"
    said = run("order", "list", "--url", fake_console.url)
    assert (said.code, "is no Ticketwire console" in said.err) == (1, True)


def test_nobody_there_is_said_with_a_way_out(run: Run, own_token: str) -> None:
    said = run("order", "list", "--url", "http://127.0.0.1:1")
    assert said.code == 1
    assert "ticketwire up" in said.err
    assert "Traceback" not in said.err


def test_a_table_in_a_pipe_is_not_cut(run: Run, fake_console: FakeConsole, own_token: str) -> None:
    url = "https://x.example/" + "a" * 150
    fake_console.answer = [
        {"name": "shop", "dialect": "d", "url": url, "event_types": ["e [bold]"], "policy": "p", "state": "enabled"}
    ]
    said = run("endpoint", "list", "--url", fake_console.url)
    assert url in said.out
    assert "e [bold]" in said.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "a", "--to", "https://x", "--header", "no colon"), "has no colon"),
        (("create", "a", "--to", "https://x", "--credentials", "[1]"), "no JSON object"),
        (("update", "a"), "nothing is to change"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(run: Run, own_token: str, words: tuple[str, ...], message: str) -> None:
    said = run("endpoint", *words, "--url", "http://127.0.0.1:1")
    assert (said.code, message in said.err) == (2, True)
