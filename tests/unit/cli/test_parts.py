"""The parts of `up` and `demo` that need no services."""

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from cli.demo_command import Defaults
from cli.first_run import own_secrets
from cli.ports import Ports
from cli.running import RunningUp, only_one, read_running, write_running
from cli.sample_list import Sample, samples
from cli.source_proof import proof
from dialects.contract import Call, InboundRequest, NotAuthentic
from dialects.registry import CALLERS, INBOUND, OUTBOUND
from dialects.verification.scheme import verify
from runtime.errors import ConfigurationError, Conflict
from runtime.settings import VerificationSettings
from schemas.raw_event import RawEvent
from tests.unit.cli.conftest import Run

DOCUMENTS = Path(__file__).parents[2] / "samples"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_secrets_of_a_folder_are_made_once_and_readable_by_their_user_only(tmp_path: Path) -> None:
    made = own_secrets(tmp_path / "data")
    file = tmp_path / "data" / "secrets.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert own_secrets(tmp_path / "data") == made
    assert len(made.admin_token) >= 32
    assert own_secrets(tmp_path / "other") != made


@pytest.mark.parametrize("content", ["", "{", "{}", '{"admin_token": "x"}'])
def test_broken_secrets_are_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        own_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == content


def running() -> RunningUp:
    return RunningUp(
        pid=os.getpid(),
        console="http://c",
        admin_token="t",
        ingest="i",
        sources={},
        kafka="k",
        postgres="p",
        services=[],
    )


def test_what_up_tells_of_itself_is_private_and_gone_with_it(tmp_path: Path) -> None:
    with only_one(tmp_path):
        write_running(tmp_path, running())
        assert (tmp_path / "up.json").stat().st_mode & 0o777 == 0o600
        assert read_running(tmp_path) == running()
        with pytest.raises(Conflict, match="http://c"), only_one(tmp_path):
            pass
        assert read_running(tmp_path) == running()
    assert read_running(tmp_path) is None
    assert not (tmp_path / "up.json").exists()


def test_what_a_killed_up_left_behind_does_not_count(tmp_path: Path) -> None:
    write_running(tmp_path, running())
    assert read_running(tmp_path) is None
    with only_one(tmp_path):
        assert read_running(tmp_path) is not None


def test_ports_are_given_out_once_and_a_taken_one_is_refused() -> None:
    ports = Ports()
    assert len({ports.free("127.0.0.1") for _ in range(50)}) == 50
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=str(number)):
            ports.configured("ingest", "127.0.0.1", number)
        assert ports.configured("ingest", "127.0.0.1", number, or_free=True) != number
    assert ports.configured("ingest", "127.0.0.1", number) == number


@pytest.mark.parametrize("sample", [s for s in samples() if s.kind != "wrapped"], ids=lambda s: s.name)
def test_a_sample_that_is_an_example_is_the_very_bytes_of_it(sample: Sample) -> None:
    assert sample.body == (DOCUMENTS / sample.source / sample.file).read_bytes()


def test_every_documented_atlas_payload_is_a_sample() -> None:
    ours = [sample for sample in samples() if sample.source == "atlas"]
    assert {sample.name[:2] for sample in ours} == {path.name[:2] for path in (DOCUMENTS / "atlas").glob("0*.json")}
    assert len([sample for sample in ours if sample.name.startswith("06")]) == 9


def test_every_contract_has_a_sample_that_comes_in_and_one_that_goes_out() -> None:
    assert {sample.source for sample in samples()} == set(INBOUND)
    assert {dialect for sample in samples() for dialect in sample.told} == set(OUTBOUND)


@pytest.mark.parametrize(("sample", "party"), [(s, party) for s in samples() for party in s.contexts], ids=str)
def test_a_samples_contexts_are_what_the_party_asks_for(sample: Sample, party: str) -> None:
    assert OUTBOUND[party].check_context(sample.context(party)) == []


@pytest.mark.parametrize("secret", ["", "s3cret"])
@pytest.mark.parametrize("sample", samples(), ids=lambda s: s.name)
def test_a_sample_says_what_it_lists_and_can_be_read(sample: Sample, secret: str) -> None:
    """As its own caller sends it, proven where there is a secret."""
    now, caller, party = datetime.now(UTC), CALLERS.get(sample.source), INBOUND[sample.source]
    call = Call("", {"content-type": "application/json"}, sample.body)
    if caller is not None:
        call = caller.call(sample.body, url="", secret=secret, now=now)
        asked = InboundRequest("POST", caller.path, "", call.headers, call.body, now)
        assert party.peek(asked).order_no == sample.order_no
        if secret:
            party.verify(asked, VerificationSettings(scheme="dialect", secrets=(SecretStr(secret),)))
            with pytest.raises(NotAuthentic):
                party.verify(asked, VerificationSettings(scheme="dialect", secrets=(SecretStr("another"),)))
    raw = RawEvent(
        ce_id=uuid4(),
        source=sample.source,
        type="",
        time=now,
        dialect=sample.source,
        order_no=sample.order_no,
        body=call.body,
        content_type=call.headers["content-type"],
    )
    content = party.read(raw).content
    assert content.order_no == sample.order_no
    said = content.model_dump_json()
    assert all(fact in said for fact in sample.facts)
    assert all(content.type in OUTBOUND[dialect].event_types for dialect in sample.told)


def test_a_sample_with_another_order_number_differs_in_nothing_else() -> None:
    for sample in samples():
        other = sample.with_order_no("OTHER-1")
        assert other.replace(b"OTHER-1", sample.order_no.encode()) == sample.body
        assert other != sample.body
    assert sample.fresh_order_no() != sample.fresh_order_no()


@pytest.mark.parametrize(
    "verification",
    [
        {"scheme": "none"},
        {"scheme": "token", "secrets": ["s"]},
        {"scheme": "token", "secrets": ["s"], "header": "X-Token"},
        {"scheme": "basic", "secrets": ["user:password"]},
        {"scheme": "hmac", "secrets": ["s"]},
        {"scheme": "hmac", "secrets": ["s"], "header": "X-Hub-Signature-256", "prefix": "sha256="},
        {"scheme": "hmac", "secrets": ["s"], "encoding": "base64", "hash": "sha512"},
        {"scheme": "hmac", "secrets": ["s"], "signed": "timestamp.body", "header": "Stripe-Signature"},
        {"scheme": "standard-webhooks", "secrets": [STANDARD_SECRET]},
    ],
    ids=str,
)
def test_a_sample_proves_its_source_by_every_scheme(verification: dict[str, object]) -> None:
    settings = VerificationSettings.model_validate(verification)
    headers = {name.lower(): value for name, value in proof(settings, b"body").items()}

    def check(body: bytes) -> None:
        verify(InboundRequest("POST", "", "", headers, body, datetime.now(UTC)), settings)

    check(b"body")
    if settings.scheme in {"hmac", "standard-webhooks"}:
        with pytest.raises(NotAuthentic):
            check(b"another body")


def test_the_demo_runs_on_defaults_whatever_the_machine_is_set_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ticketwire.toml").write_text('[kafka]\nbootstrap_servers = "production:9092"\n')
    monkeypatch.setenv("TICKETWIRE_POSTGRES__DSN", "postgresql://production")
    assert Defaults().kafka.bootstrap_servers == ""
    assert Defaults().postgres.dsn.get_secret_value() == ""


def test_samples_are_listed_with_what_they_are(run: Run) -> None:
    said = run("send-sample", "--json")
    assert [entry["name"] for entry in said.json] == [sample.name for sample in samples()]


_CHILD = """
import signal, sys
from cli.parent import stop_with_parent
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
stop_with_parent()
print("ready", flush=True)
signal.pause()
"""


def test_a_service_stops_when_its_parent_is_gone() -> None:
    words = [sys.executable, "-c", _CHILD]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our words
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == b"ready\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(10) == 7


def test_a_signal_is_named_when_a_child_is_killed() -> None:
    from cli.child import _how

    assert _how(-signal.SIGKILL) == "killed by SIGKILL"
    assert _how(3) == "exit code 3"
