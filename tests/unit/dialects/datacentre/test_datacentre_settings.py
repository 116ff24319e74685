"""What an order's context and an endpoint's credentials must hold, and how an answer is judged."""

from typing import Any

import pytest

from dialects.contract import Answer, Refused, RefusedForGood, Understood
from dialects.datacentre.outbound import DataCentreOutbound
from tests.unit.dialects.datacentre.messages import CONTEXT, EVERYTHING, PASSWORD, missing, ticketed
from tests.unit.dialects.requests import sample

PARTY = DataCentreOutbound()
REQUIRED = (
    "type", "customer", "creator", "create_time", "supplier_id", "supplier_name", "supplier_type", "gross_profit",
    "capital_account_id", "capital_account_name", "offer", "payment_amount", "return_amount", "adjust_amount",
    "issue_receivable", "issue_payable", "sales", "issuer", "pnr",
)  # fmt: skip


def test_without_a_context_the_callback_waits_and_says_for_what() -> None:
    assert missing(ticketed(), context=None) == REQUIRED
    assert missing(ticketed(), context={}) == REQUIRED


@pytest.mark.parametrize("name", REQUIRED)
def test_each_field_that_only_accounting_knows_is_named(name: str) -> None:
    (complaint,) = PARTY.check_context({key: value for key, value in CONTEXT.items() if key != name})
    assert complaint.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type": "8"}, "type: "), ({"type": "国内散客"}, ""), ({"type": 7}, ""), ({"offer": "1,000"}, "offer: "),
        ({"offer": True}, "offer: "), ({"create_time": "noon"}, "create_time: "),
        ({"sales": {"id": "1"}}, "sales.name: "),
        ({"supplier_type": "3"}, "supplier_type: "), ({"pnr": []}, "pnr: "), ({"token": "x"}, "token: "),
        ({"pnr": CONTEXT["pnr"] * 2}, "pnr: "),
        ({"passenger": [{"name": "A", "gender": "F"}]}, "passenger[0].gender: "),
        ({"passenger": [{"name": "A", "birthday": "19900101"}]}, "passenger[0].birthday: "),
        ({"pnr": [CONTEXT["pnr"][0] | {"segment": []}]}, "pnr[0].segment: "),
        ({"documents": {"V1": {"offer": "x"}}}, "documents['V1'].offer: "), ({"documents": []}, "documents: "),
        ({"documents": {"V1": 1}}, "documents: "), ({"supplier_name": " "}, "supplier_name: "),
        ({"pnr": [CONTEXT["pnr"][0] | {"segment": [CONTEXT["pnr"][0]["segment"][0] | {"arrival_place_code": "x"}]}]},
         "pnr[0].segment[0].arrival_place_code: "),
    ],
)  # fmt: skip
def test_a_context_is_judged_by_field(fields: dict[str, Any], field: str) -> None:
    found = PARTY.check_context(CONTEXT | fields)
    assert (found[0].startswith(field) and len(found) == 1) if field else not found


def test_right_credentials() -> None:
    every = {"time_zone": "UTC", "categories": EVERYTHING, "countries": {"XX": "某国"}, "json_in_strings": True}
    assert PARTY.check_credentials({"company_id": "LMBJ", "password": PASSWORD} | every) == []
    assert (PARTY.takes_context, PARTY.only_named) == (True, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"company_id": ""}, {"password": 7}, {"time_zone": "Mars/Base"}, {"time_zone": "../etc"}, {"time_zone": ""},
        {"categories": ["void "]}, {"pass": "hunter2"},
    ],
)  # fmt: skip
def test_wrong_credentials_are_named_and_never_repeated(wrong: dict[str, Any]) -> None:
    (found,) = PARTY.check_credentials({"company_id": "LMBJ", "password": "hunter2"} | wrong)
    assert found.startswith(f"credentials.{next(iter(wrong))}")
    assert "hunter2" not in found


@pytest.mark.parametrize("body", [sample("datacentre/14-datacentre-response-ok.json"), b'{"errcode": "0"}'])
def test_a_yes_is_errcode_0(body: bytes) -> None:
    assert PARTY.judge(Answer(200, {}, body)) == Understood()


def test_a_no_is_for_good_and_goes_to_a_person() -> None:
    answer = Answer(200, {}, sample("datacentre/15-datacentre-response-error.json"))
    assert PARTY.judge(answer) == RefusedForGood("errcode-1: invalid supplier name")
    assert PARTY.judge(Answer(200, {}, b'{"errcode": -5, "errmsg": "\\ud800\\u0000"}')) == RefusedForGood("errcode--5")


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b'{"errcode": 0}'), (201, b'{"errcode": 0}'), (200, b"ok"), (200, b"{}"), (200, b'{"errcode": null}')],
)
def test_all_else_is_tried_again(status: int, body: bytes) -> None:
    assert isinstance(PARTY.judge(Answer(status, {}, body)), Refused)
