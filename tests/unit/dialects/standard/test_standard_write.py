"""The `standard` dialect: golden message, signatures a stranger's library accepts, credentials."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from dialects.contract import Answer, Call, CallbackToWrite, Refused, Understood
from dialects.standard.outbound import Standard
from schemas.events import OrderVoid
from schemas.topics import EventType

OLD, NEW = ("whsec_" + base64.b64encode(byte * 32).decode() for byte in (b"o", b"n"))
CALLBACK = UUID("6744b92c-79ff-8e49-9ba2-7d0f3e1c9a55")


def written(
    credentials: Mapping[str, Any],
    *,
    attempt: int = 1,
    replay: bool = False,
    event_time: datetime = datetime(2025, 5, 12, 10, 6, 0, 259000, tzinfo=UTC),
) -> Call:
    return Standard().write(
        CallbackToWrite(
            callback_id=CALLBACK,
            attempt=attempt,
            source="atlas",
            order_no="TESTA20250512100600259",
            event_time=event_time,
            content=OrderVoid(
                order_no="TESTA20250512100600259",
                customer="TAC00001",
                void_code="202505-0012",
                void_status=2,
                message="废票成功，航司已确认",
            ),
            change={"before": {"status": 1}, "after": {"status": 2}},
            context=None,
            url="https://partner.example/hook",
            credentials=credentials,
            now=datetime.now(UTC) + timedelta(seconds=attempt),
            replay=replay,
        )
    )


def test_the_message_is_canonical_json() -> None:
    assert written({"secrets": [NEW]}).body.decode() == (
        '{"data":{"change":{"after":{"status":2},"before":{"status":1}},'
        '"event":{"customer":"TAC00001","extra":{},"message":"废票成功，航司已确认",'
        '"order_no":"TESTA20250512100600259","type":"order.void","void_code":"202505-0012","void_status":2},'
        '"order_no":"TESTA20250512100600259","source":"atlas"},'
        '"timestamp":"2025-05-12T10:06:00.259000+00:00","type":"order.void"}'
    )


@pytest.mark.parametrize("microseconds", [0, 1, 259000, 999999])
def test_the_time_is_written_as_python_writes_it(microseconds: int) -> None:
    moment = datetime(2025, 5, 12, 10, 6, 0, microseconds, tzinfo=UTC)
    message = orjson.loads(written({"secrets": [NEW]}, event_time=moment).body)
    assert message["timestamp"] == moment.isoformat()


def test_one_message_after_another_is_signed_by_itself() -> None:
    calls = [written({"secrets": [NEW]}, attempt=attempt) for attempt in (1, 2, 3)]
    for call in calls:
        Webhook(NEW).verify(call.body, dict(call.headers))


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_rotated_both_verify(secret: str) -> None:
    call = written({"secrets": [NEW, OLD]})
    assert Webhook(secret).verify(call.body, dict(call.headers)) == orjson.loads(call.body)


def test_after_the_rotation_the_old_secret_verifies_no_more() -> None:
    call = written({"secrets": [NEW]})
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(call.body, dict(call.headers))


def test_the_id_is_the_same_in_every_attempt_and_the_time_is_the_attempts() -> None:
    first, second = written({"secrets": [NEW]}), written({"secrets": [NEW]}, attempt=2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{CALLBACK.hex}"
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in {1, 2}
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_replay_says_so() -> None:
    assert "ticketwire-replay" not in written({"secrets": [NEW]}).headers
    assert written({"secrets": [NEW]}, replay=True).headers["ticketwire-replay"] == "true"


@pytest.mark.parametrize(
    ("credentials", "complaints"),
    [
        ({"secrets": [NEW]}, 0),
        ({"secrets": [NEW, OLD]}, 0),
        ({"secrets": ["whsec_" + base64.b64encode(b"x" * 24).decode().rstrip("=")]}, 0),
        ({}, 1),
        ({"secrets": []}, 1),
        ({"secrets": [NEW, OLD, NEW]}, 1),
        ({"secrets": NEW}, 1),
        ({"secrets": [7]}, 1),
        ({"secrets": ["secret"]}, 1),
        ({"secrets": ["whsec_???"]}, 1),
        ({"secrets": ["whsec_" + base64.b64encode(b"short").decode()]}, 1),
        ({"secrets": ["whsec_" + base64.b64encode(b"x" * 65).decode()]}, 1),
    ],
)
def test_credentials_are_checked_and_never_repeated(credentials: Mapping[str, Any], complaints: int) -> None:
    found = Standard().check_credentials(credentials)
    assert len(found) == complaints
    assert not any(OLD in text or "???" in text for text in found)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_yes(status: int) -> None:
    assert Standard().judge(Answer(status, {}, b"failed")) == Understood()


def test_anything_else_is_a_no() -> None:
    assert Standard().judge(Answer(500, {}, b"")) == Refused("http-500")


def test_every_event_has_a_wire_form() -> None:
    assert Standard().event_types == set(EventType)
