"""The HTTP client against a real server: where it connects to, what it ignores, how it fails."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dialects.contract import Call
from publishers import connection_pool
from publishers.addresses import AddressRules, Resolver, parse_networks
from publishers.answer import Answered
from publishers.connection import Connection
from publishers.http_client import Http1Client
from publishers.transport_faults import Fault
from tests.sink import Reaction, Sink
from tests.waiting import until

LOOPBACK = AddressRules(parse_networks(["127.0.0.0/8"]))
NAMES: dict[str, list[str]] = {
    "partner.example": ["127.0.0.1"],
    "two.example": ["127.0.0.77", "127.0.0.1"],
    "rebound.example": ["127.0.0.1", "10.0.0.1"],
}


def look_up(host: str) -> Sequence[str]:
    return NAMES[host]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Http1Client]:
    made = Http1Client(Resolver(LOOPBACK, look_up=look_up), max_answer_bytes=2000)
    yield made
    await made.close()


async def post(client: Http1Client, url: str, *, seconds: float = 5.0) -> Answered | Fault:
    return await client.send(Call(url, {"content-type": "application/json"}, b"{}"), timeout_seconds=seconds)


async def answered(client: Http1Client, url: str) -> Answered:
    result = await post(client, url)
    assert isinstance(result, Answered), result
    return result


async def faulted(client: Http1Client, url: str, *, seconds: float = 5.0) -> tuple[str, str]:
    result = await post(client, url, seconds=seconds)
    assert isinstance(result, Fault), result
    return result.stage, result.error


async def test_the_address_that_was_judged_is_the_one_connected_to(client: Http1Client, sink: Sink) -> None:
    """The name exists nowhere but in this test, so whatever else resolved it could not have got here."""
    for name in ("partner.example", "PARTNER.example", "rebound.example"):
        assert (await answered(client, f"http://{name}:{sink.port}/hook")).answer.status == 200
    hosts = [request.headers["host"] for request in sink.at("/hook")]
    assert hosts[0] == f"partner.example:{sink.port}"


async def test_when_nobody_answers_at_one_address_the_next_is_tried(client: Http1Client, sink: Sink) -> None:
    assert (await answered(client, f"http://two.example:{sink.port}/hook")).answer.status == 200
    assert len(sink.requests) == 1


async def test_connections_are_used_again(client: Http1Client, sink: Sink) -> None:
    for _ in range(10):
        await answered(client, f"{sink.url}/hook")
    assert sink.connections == 1


async def test_no_proxy_of_the_environment_is_used(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    made = Http1Client(Resolver(LOOPBACK, look_up=look_up), max_answer_bytes=2000)
    assert (await answered(made, f"http://partner.example:{sink.port}/hook")).answer.status == 200
    await made.close()


async def test_cookies_are_not_kept_and_nothing_is_decompressed(client: Http1Client, sink: Sink) -> None:
    packed = Reaction(200, b"not gzip at all", headers=[("set-cookie", "a=b"), ("content-encoding", "gzip")])
    url = sink.plan("/hook", packed)
    assert (await answered(client, url)).answer.body == b"not gzip at all"
    await answered(client, url)
    assert all("cookie" not in request.headers for request in sink.requests)
    assert all("accept-encoding" not in request.headers for request in sink.requests)


@pytest.mark.parametrize(("size", "cut"), [(1999, ""), (2000, ""), (2001, "too-large"), (5_000_000, "too-large")])
async def test_an_answer_is_read_up_to_the_limit(client: Http1Client, sink: Sink, size: int, cut: str) -> None:
    result = await answered(client, sink.plan("/hook", Reaction(200, b"x" * size)))
    assert (len(result.answer.body), result.cut) == (min(size, 2000), cut)


async def test_headers_that_are_not_ascii_do_not_hide_the_others(client: Http1Client, sink: Sink) -> None:
    reaction = Reaction(503, headers=[("x-name", "Zoë"), ("Retry-After", "7")])
    result = await answered(client, sink.plan("/hook", reaction))
    assert result.answer.headers["retry-after"] == "7"


CLOSES = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
SURPLUS = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 500 Nobody asked\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize("raw", [CLOSES, SURPLUS])
async def test_a_connection_that_cannot_be_trusted_again_is_not_used_again(
    client: Http1Client, sink: Sink, raw: bytes
) -> None:
    url = sink.plan("/hook", Reaction(raw=raw))
    for _ in range(3):
        assert (await answered(client, url)).answer.body == b"{}"
    assert sink.connections == 3


async def test_a_connection_the_partner_closed_meanwhile_costs_no_attempt(client: Http1Client, sink: Sink) -> None:
    await answered(client, f"{sink.url}/hook")
    await sink.stop()
    await sink.start()
    async with Sink() as other:  # whose answer comes after the end of that connection was seen
        await answered(client, f"{other.url}/hook")
    assert (await answered(client, f"{sink.url}/hook")).answer.status == 200


async def test_a_connection_that_idles_is_closed(
    client: Http1Client, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_pool, "IDLE_SECONDS", 0.05)
    await answered(client, f"{sink.url}/hook")
    await until(lambda: sink.open == 0)
    await answered(client, f"{sink.url}/hook")
    assert sink.connections == 2


async def test_closing_the_client_cuts_what_is_under_way(client: Http1Client, sink: Sink) -> None:
    call = asyncio.create_task(post(client, sink.plan("/mute", Reaction(delay_seconds=30))))
    await sink.wait_count("/mute", 1)
    await client.close()
    result = await call
    assert isinstance(result, Fault)
    assert (result.stage, result.error) == ("during", "reset")


async def test_a_call_that_is_cancelled_leaves_no_connection_behind(client: Http1Client, sink: Sink) -> None:
    call = asyncio.create_task(post(client, sink.plan("/mute", Reaction(delay_seconds=30))))
    await sink.wait_count("/mute", 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: sink.open == 0)


async def test_a_call_that_is_cancelled_as_its_answer_comes_leaves_no_connection_behind(
    client: Http1Client, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection could be used again, but nobody would."""
    call = asyncio.create_task(post(client, f"{sink.url}/hook"))
    settle = Connection._settle

    def settle_and_cancel(connection: Connection, result: Answered | Fault) -> None:
        settle(connection, result)
        call.cancel()

    monkeypatch.setattr(Connection, "_settle", settle_and_cancel)
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: sink.open == 0)


async def test_the_timeout_is_a_deadline_for_the_whole_call(client: Http1Client, sink: Sink) -> None:
    trickling = sink.plan("/trickle", Reaction(200, b"x" * 1000, trickle_seconds=0.05))
    result = await post(client, trickling, seconds=0.4)
    assert isinstance(result, Answered)
    assert result.cut == "timeout"
    assert 0 < len(result.answer.body) < 20
    assert await faulted(client, sink.plan("/mute", Reaction(delay_seconds=30)), seconds=0.3) == ("during", "timeout")


async def test_a_header_that_is_none_is_refused_before_anything_is_sent(client: Http1Client, sink: Sink) -> None:
    result = await client.send(Call(sink.url, {"x-name": "a\r\nb: c"}, b"{}"), timeout_seconds=1)
    assert isinstance(result, Fault)
    assert (result.stage, result.error) == ("before", "request-invalid")
    assert sink.connections == 0


async def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(
    client: Http1Client, tmp_path: Path
) -> None:
    async with Sink(tls=certified(self_signed(tmp_path))) as secured:
        assert await faulted(client, f"https://partner.example:{secured.port}/hook") == ("before", "tls")
        assert secured.requests == []


async def test_whom_the_machine_trusts_is_called_by_the_name_on_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    client = Http1Client(Resolver(LOOPBACK, look_up=look_up), max_answer_bytes=2000)
    async with Sink(tls=certified(file)) as secured:
        for _ in range(3):
            assert (await answered(client, f"https://partner.example:{secured.port}/hook")).answer.status == 200
        assert secured.connections == 1
        secured.plan("/large", Reaction(200, b"x" * 100_000))
        large = await answered(client, f"https://partner.example:{secured.port}/large")
        assert (len(large.answer.body), large.cut) == (2000, "too-large")
        assert await faulted(client, f"https://two.example:{secured.port}/hook") == ("before", "tls")
    await client.close()


def certified(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def self_signed(folder: Path) -> Path:
    """A key and a certificate for partner.example, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("partner.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "partner.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
