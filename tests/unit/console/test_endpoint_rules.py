"""What an endpoint may be, decided without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from console import endpoint_rules as rules
from console.context import Console
from console.endpoint_form import EndpointChanges, NewEndpoint
from console.trial_order import trial_content, trial_type
from dialects.contract import Call, CallbackToWrite
from dialects.registry import OUTBOUND
from runtime.errors import InvalidRequest
from store.endpoints import Endpoint

GOOD: dict[str, Any] = {"name": "shop", "url": "https://shop.example/hooks"}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example",
        "https://",
        "https:///path",
        "//x.example",
        "x.example",
        "https://user@x.example",
        "https://user:password@x.example",
        "https://x.example/#part",
        "https://x.example/a b",
        "https://x.example\\@evil.example",
        "https://x.example:99999",
        "https://x.example:0",
        "https://x.example/\x00",
        "https://bücher.example",
        "https://[::1",
        "https://x.example/" + "a" * 2048,
    ],
)
def test_an_address_that_could_mislead_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        NewEndpoint.model_validate({**GOOD, "url": url})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x?y=1", "https://[::1]:8443/", "HTTPS://X.example"])
def test_an_address_with_a_host_is_taken_as_it_is(url: str) -> None:
    assert NewEndpoint.model_validate({**GOOD, "url": url}).url == url


@pytest.mark.parametrize("name", ["", "Shop", "-shop", "a b", "a/b", "a" * 64, str(UUID(int=7, version=4)), "0" * 32])
def test_a_name_is_a_plain_word_that_no_id_looks_like(name: str) -> None:
    with pytest.raises(ValidationError):
        NewEndpoint.model_validate({**GOOD, "name": name})


@pytest.mark.parametrize(
    "headers",
    [
        {"Connection": "close"},
        {"Content-Length": "1"},
        {"Host": "evil.example"},
        {"transfer-encoding": "chunked"},
        {"Webhook-Id": "x"},
        {"webhook-anything": "x"},
        {"a b": "x"},
        {"": "x"},
        {"X": "a\r\nY: b"},
        {"X": "ü"},
        {"X": "1", "x": "2"},
        {f"X-{number}": "x" for number in range(33)},
    ],
)
def test_a_header_that_is_not_the_operators_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NewEndpoint.model_validate({**GOOD, "headers": headers})


@pytest.mark.parametrize(
    "change",
    [
        {"rate_limit": 0},
        {"rate_limit": float("inf")},
        {"timeout_seconds": 0},
        {"max_in_flight": 0},
        {"on_give_up": "shrug"},
        {"filter": {"source": ["atlas"]}},
        {"colour": "red"},
        {"credentials": {"key": 2**80}},
    ],
)
def test_a_value_out_of_its_range_and_an_unknown_field_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewEndpoint.model_validate({**GOOD, **change})
    with pytest.raises(ValidationError):
        EndpointChanges.model_validate(change)


def test_only_the_rate_limit_may_be_taken_away() -> None:
    assert EndpointChanges.model_validate({"rate_limit": None}).given() == {"rate_limit": None}
    for field in EndpointChanges.model_fields.keys() - {"rate_limit"}:
        with pytest.raises(ValidationError, match="may not be null"):
            EndpointChanges.model_validate({field: None})


async def test_policies_of_the_settings_are_known(console: Console) -> None:
    form, _ = rules.completed(NewEndpoint.model_validate({**GOOD, "policy": "own"}), console)
    assert form.policy == "own"


async def test_a_secret_is_made_only_where_the_dialect_signs_with_one(console: Console) -> None:
    _, made = rules.completed(NewEndpoint.model_validate(GOOD), console)
    assert made is not None
    with pytest.raises(InvalidRequest, match="app_key"):
        rules.completed(NewEndpoint.model_validate({**GOOD, "dialect": "own"}), console)
    form, made = rules.completed(
        NewEndpoint.model_validate({**GOOD, "dialect": "own", "credentials": {"app_key": "k"}}), console
    )
    assert made is None
    assert form.credentials == {"app_key": "k"}


def row(**change: Any) -> Endpoint:
    said: dict[str, Any] = {
        "endpoint_id": uuid4(),
        "event_types": ("order.ticketed",),
        "secrets": b"",
        "policy": "standard",
        "dialect": "standard",
        "rate_limit": None,
        "max_in_flight": 1,
        "timeout_seconds": 1.0,
        "on_give_up": "keep",
        "filter": {},
        "created_at": datetime.now(UTC),
        "updated_at": datetime.now(UTC),
    }
    return Endpoint(**{**GOOD, **said, **change})


async def test_what_is_shown_of_an_endpoint_holds_no_secret_value(console: Console) -> None:
    sealed = console.box.seal({"credentials": {"secrets": ["whsec_value"]}, "headers": {"X-Key": "header-value"}})
    shown = rules.shown(row(secrets=sealed), console).model_dump_json()
    assert "whsec_value" not in shown
    assert "header-value" not in shown
    assert '"X-Key"' in shown


TRIALS = [
    (dialect, event_type)
    for dialect, party in sorted(OUTBOUND.items())
    for event_type in ("order.ticketed", "order.void")
    if event_type in party.event_types and rules.signs_with_secrets(party)  # the others need a context too
]


@pytest.mark.parametrize(("dialect", "event_type"), TRIALS)
def test_the_made_up_order_is_complete_in_every_dialect(dialect: str, event_type: str) -> None:
    content = trial_content(trial_type(event_type, OUTBOUND[dialect].event_types))
    call = OUTBOUND[dialect].write(
        CallbackToWrite(
            callback_id=uuid4(),
            attempt=1,
            source="ticketwire",
            order_no=content.order_no,
            event_time=datetime.now(UTC),
            content=content,
            change={},
            context=None,
            url="https://x.example",
            credentials={"secrets": [rules.new_secret()]},
            now=datetime.now(UTC),
        )
    )
    assert isinstance(call, Call)
    assert content.order_no.encode() in call.body


def test_a_test_takes_the_first_event_that_it_can_make() -> None:
    assert trial_type(None, ["order.changed", "order.void", "order.ticketed"]) == "order.ticketed"
    assert trial_type("order.void", ["order.ticketed", "order.void"]) == "order.void"
    for wanted, told in (
        (None, ["order.changed"]),
        ("order.void", ["order.ticketed"]),
        ("order.changed", ["order.changed"]),
    ):
        with pytest.raises(InvalidRequest):
            trial_type(wanted, told)
