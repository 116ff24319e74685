"""An order's timeline in words, and the check of an exported one, which needs no hub."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli.timeline_words import words_of
from runtime.secret_box import new_key
from runtime.signing import public_keys, sign
from schemas.timeline_chain import ChainWriter, signed_message
from tests.unit.cli.conftest import Run

KEY = SecretStr(new_key())
(PUBLIC,) = public_keys([KEY])


def told(kind: str, /, **entry: Any) -> str:
    return words_of({"at": "2026-03-01T12:00:00Z", "kind": kind, "id": "7", "entry": entry})


def test_a_change_tells_before_and_after() -> None:
    passengers = [{"name": "LI/SI", "ticket_numbers": ["T1", "T2"]}]
    change = {
        "before": {"ticketed_event": None, "passengers": [], "attention": []},
        "after": {"ticketed_event": "e1", "passengers": passengers, "attention": []},
    }
    assert told("change", version=1, change=change) == "version 1: ticketed event - → e1; tickets - → T1, T2"
    void = {"before": {"void_code": "V", "status": None}, "after": {"void_code": "V", "status": 0}}
    assert told("change", version=2, change=void) == "version 2: void case V: status - → 0"


def test_an_arrival_tells_its_place_its_proof_and_the_run_that_brought_it() -> None:
    arrival = {"verdict": "applied", "topic": "t", "partition": 1, "offset": 9, "code_version": "0.1"}
    assert told("arrival", **arrival, verified="hmac/2") == "applied: t/1/9, proven by hmac/2, code 0.1"
    assert told("arrival", **arrival, verified=None, run_id="r").endswith("(not noted), code 0.1, by run r")


def test_a_redriven_event_tells_its_run() -> None:
    parked = {"state": "redriven", "reason": "unreadable", "detail": "d", "code_version": "0.1"}
    assert told("parked", **parked, run_id="r") == "redriven, by run r: unreadable: d, code 0.1"
    assert told("parked", **parked, run_id=None) == "redriven: unreadable: d, code 0.1"


def test_what_was_not_known_as_of_then_is_left_out() -> None:
    assert told("callback", endpoint="shop") == "shop:"
    assert told("run", actor="ada", kind="replay") == "ada: replay, run 7"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    chain = ChainWriter({"order_no": "A-1", "source": "s"})
    lines = [chain.begin(), chain.add({"id": "1"}), chain.add({"id": "2"})]
    key, signature = sign(signed_message(chain.hash), [KEY])
    file = tmp_path / "evidence.jsonl"
    file.write_bytes(b"".join([*lines, chain.end(key=key, signature=signature)]))
    return file


def test_an_intact_file_is_told_with_its_signer(run: Run, exported: Path) -> None:
    found = run("order", "verify-timeline", str(exported))
    assert (found.code, PUBLIC in found.out) == (0, True)
    assert "timeline-keys" in found.err
    pinned = run("order", "verify-timeline", str(exported), "--key", PUBLIC, "--json")
    assert (pinned.code, pinned.json["intact"], pinned.json["key_given"], pinned.json["entries"]) == (0, True, True, 2)


def test_a_tampered_file_says_where_it_breaks(run: Run, exported: Path) -> None:
    exported.write_bytes(exported.read_bytes().replace(b'"id":"2"', b'"id":"3"'))
    found = run("order", "verify-timeline", str(exported))
    assert (found.code, found.err.startswith("broken at line 3: ")) == (1, True)
    assert run("order", "verify-timeline", str(exported), "--json").json["line"] == 3


def test_a_chain_computed_anew_has_no_signature_of_the_hub(run: Run, exported: Path) -> None:
    chain = ChainWriter({"order_no": "A-1", "source": "s"})
    lines = [chain.begin(), chain.add({"id": "forged"})]
    _, wrong = sign(signed_message(chain.hash), [SecretStr(new_key())])
    exported.write_bytes(b"".join([*lines, chain.end(key=PUBLIC, signature=wrong)]))
    found = run("order", "verify-timeline", str(exported))
    assert (found.code, found.err.startswith("broken at line 3: the signature is not of this chain")) == (1, True)
    forger = SecretStr(new_key())
    own, own_signature = sign(signed_message(chain.hash), [forger])
    exported.write_bytes(b"".join([*lines, chain.end(key=own, signature=own_signature)]))
    assert run("order", "verify-timeline", str(exported)).code == 0
    assert run("order", "verify-timeline", str(exported), "--key", PUBLIC).code == 1
