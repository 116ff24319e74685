"""The demo's partner believes only what is signed with its secret."""

import asyncio
import base64
import hmac
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pyreqwest.client import ClientBuilder

from cli.demo_receiver import DemoReceiver

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[DemoReceiver]:
    made = DemoReceiver({"shop": SECRET})
    await made.start()
    yield made
    await made.stop()


async def call(receiver: DemoReceiver, *, endpoint: str = "shop", key: bytes = KEY, body: bytes = b'{"a": 1}') -> int:
    moment = str(int(time.time()))
    signature = base64.b64encode(hmac.digest(key, f"msg_1.{moment}.".encode() + b'{"a": 1}', "sha256")).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
    async with ClientBuilder().no_proxy().build() as client:
        response = await client.post(receiver.url(endpoint)).headers(headers).body_bytes(body).build().send()
        return response.status


async def test_a_signed_call_is_taken_and_found_by_its_id(receiver: DemoReceiver) -> None:
    waiting = asyncio.create_task(receiver.wait_for("shop", "msg_1", seconds=10))
    assert await call(receiver) == 204
    found = await waiting
    assert found is not None
    assert (found.verified, found.body) == (True, b'{"a": 1}')


@pytest.mark.parametrize(
    "change", [{"key": b"x" * 32}, {"body": b'{"a": 2}'}, {"body": b"\xff"}, {"endpoint": "unknown"}], ids=str
)
async def test_anything_else_is_recorded_as_not_verified(receiver: DemoReceiver, change: dict[str, object]) -> None:
    assert await call(receiver, **change) == 401  # type: ignore[arg-type]
    assert [received.verified for received in receiver.received] == [False]
    assert receiver.received[0].why


async def test_what_does_not_come_is_not_waited_for_longer_than_said(receiver: DemoReceiver) -> None:
    assert await receiver.wait_for("shop", "msg_2", seconds=0.01) is None
