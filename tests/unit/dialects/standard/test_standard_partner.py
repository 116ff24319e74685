"""The simulated receiver of Standard Webhooks: what our writer sends it takes, and nothing that was touched."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from dialects.contract import Heard, InboundRequest
from dialects.standard.partner import StandardPartner, signing_secret
from tests.unit.dialects.standard.test_standard_write import NEW, OLD, written

PARTNER = StandardPartner()
CREDENTIALS = {"secrets": [NEW]}


def called(**changes: Any) -> InboundRequest:
    call = written(CREDENTIALS)
    asked = InboundRequest("POST", "/webhooks", "", call.headers, call.body, datetime.now(UTC))
    return asked._replace(**changes)


def hear(asked: InboundRequest, held: Mapping[str, str] | None = None, *, secret: str = NEW) -> Heard:
    return PARTNER.hear(asked, credentials={"secrets": [secret]}, held=held or {})


def test_our_message_is_taken_and_its_repeat_too() -> None:
    first = hear(called())
    assert (first.accepted, first.verdict, first.reply.status, first.order) == (
        True, "accepted", 204, "TESTA20250512100600259",
    )  # fmt: skip
    again = hear(called(), first.remember)
    assert (again.accepted, again.verdict) == (True, "accepted again: the same message")


def test_an_id_stands_for_one_message() -> None:
    number = called().headers["webhook-id"]
    heard = hear(called(), {number: "another"})
    assert (heard.accepted, heard.verdict) == (False, "refused: webhook-id was used for another message")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method": "PUT"}, "method"),
        ({"headers": {}}, "content type"),
        ({"headers": {"content-type": "application/json"}}, "webhook-id"),
        ({"body": b"{}"}, "no signature of a live secret"),
        ({"body": b"\xff"}, "UTF-8"),
    ],
)
def test_what_is_not_proven_is_refused(changes: dict[str, Any], why: str) -> None:
    heard = hear(called(**changes))
    assert not heard.accepted
    assert why in heard.verdict
    assert (heard.reply.status, heard.remember) == (401, {})


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_far_from_its_time_is_refused(minutes: int) -> None:
    asked = called()
    heard = hear(asked._replace(received_at=asked.received_at + timedelta(minutes=minutes)))
    assert not heard.accepted
    assert "5 minutes" in heard.verdict


def test_another_secret_is_refused() -> None:
    assert not hear(called(), secret=OLD).accepted


@pytest.mark.parametrize("name", ["type", "timestamp", "data"])
def test_each_field_of_the_message_is_needed(name: str) -> None:
    message = {key: value for key, value in orjson.loads(called().body).items() if key != name}
    asked = called(body=orjson.dumps(message), headers={"content-type": "application/json"})
    heard = PARTNER.hear(asked, credentials={}, held={})
    assert heard.verdict == f"refused: {name} is missing"
    assert heard.reply.status == 400


def test_any_text_makes_a_secret_and_a_secret_stays() -> None:
    assert signing_secret(NEW) == NEW
    assert signing_secret("s") == signing_secret("s") != signing_secret("t")
    assert PARTNER.credentials("s") == {"secrets": [signing_secret("s")]}
