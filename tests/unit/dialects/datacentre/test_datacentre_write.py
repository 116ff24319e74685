"""The call: the document's sample in both forms, each partner setting, and what waits or is never sent."""

import copy
import json
from typing import Any
from uuid import UUID

import pytest

from dialects.contract import Call, NotDeliverable
from dialects.datacentre.outbound import DataCentreOutbound
from dialects.registry import inbound
from schemas.events import OrderChanged, OrderRefunded, OrderRejected, OrderVoid
from schemas.raw_event import RawEvent
from tests.unit.dialects.datacentre.messages import (
    CONTEXT,
    EVERYTHING,
    PERSON,
    SAMPLE,
    STRINGS,
    body_of,
    missing,
    signed,
    ticketed,
    told,
)
from tests.unit.dialects.requests import ARRIVED, sample

PARTY = DataCentreOutbound()
LIKE_THE_SAMPLE: dict[str, Any] = {"type_names": True, "price_category": "1"}


def expected(document: dict[str, Any]) -> dict[str, Any]:
    """The sample as a strict writer has it: a real token, no parent and no supplier's number (17, 26)."""
    strict = signed(document)
    return strict | {"ticket_order": strict["ticket_order"] | {"client_parent_order_id": "", "supplier_order": ""}}


@pytest.mark.parametrize(("strings", "document"), [(False, SAMPLE), (True, STRINGS)])
def test_the_sample_comes_out_key_by_key_in_both_forms(strings: bool, document: dict[str, Any]) -> None:
    call = told(ticketed(), json_in_strings=strings, **LIKE_THE_SAMPLE)
    assert isinstance(call, Call)
    assert call.body.decode() == json.dumps(expected(document), ensure_ascii=False, separators=(",", ":"))
    assert (call.method, call.headers["content-type"]) == ("POST", "application/json")


def test_by_default_the_type_is_a_code_and_a_price_has_no_category() -> None:
    body = body_of(ticketed())
    assert body["ticket_order"]["type"] == "3"
    assert "category" not in body["pnr"][0]["price"][0]
    assert body["ticket_order"]["token"] == "1bebfd1ca174acb2ee0bf54069cbffc4"


def test_every_scalar_is_a_text() -> None:
    numbers = copy.deepcopy(CONTEXT) | {"offer": 700, "gross_profit": 100.5}
    pending: list[Any] = [body_of(ticketed(), context=numbers)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            pending.extend(value.values() if isinstance(value, dict) else value)
        else:
            assert isinstance(value, str)


class TestTimes:
    def test_a_moment_with_a_zone_is_told_in_the_partners_local_time(self) -> None:
        context = CONTEXT | {"create_time": "2017-06-30T03:43:00Z", "issue_time": None}
        order = body_of(ticketed(), context=context)["ticket_order"]
        assert (order["create_time"], order["issue_time"]) == ("2017-06-30 11:43:00", "2026-03-01 20:00:00")
        assert order["token"] == "1bebfd1ca174acb2ee0bf54069cbffc4"
        utc = body_of(ticketed(), context=context, time_zone="UTC")["ticket_order"]
        assert utc["create_time"] == "2017-06-30 03:43:00"

    def test_flight_times_have_no_seconds_and_an_unknown_waiting_time_is_empty(self) -> None:
        context = copy.deepcopy(CONTEXT) | {"desk_issue_time": None}
        context["pnr"][0]["segment"][0]["departure_time"] = "2017-10-01T03:00:59+00:00"
        body = body_of(ticketed(), context=context)
        assert body["pnr"][0]["segment"][0]["departure_time"] == "2017-10-01 11:00"
        assert body["ticket_order"]["desk_issue_time"] == ""


class TestPassengers:
    @pytest.mark.parametrize(
        ("field", "value", "theirs", "written"),
        [
            ("gender", "M", "gender", "男"), ("gender", "", "gender", ""),
            ("document_type", "PP", "certificate_type", "护照"),
            ("document_type", "身份证", "certificate_type", "身份证"), ("nationality", "US", "nationality", "美国"),
            ("nationality", "火星", "nationality", "火星"), ("nationality", "XX", "nationality", "某国"),
            ("document_issued_by", "", "issuing_country", ""), ("birthday", "1990-01-02", "birthday", "1990-01-02"),
            ("document_expires", "20400101", "period_of_validity", "2040-01-01"), ("birthday", "", "birthday", ""),
            ("ticket_numbers", ("9991112265894", "S30814", "12345678901234"), "ticket_numbers",
             ["999-1112265894", "S30814", "12345678901234"]),
        ],
    )  # fmt: skip
    def test_fields(self, field: str, value: Any, theirs: str, written: Any) -> None:
        body = body_of(ticketed(PERSON.model_copy(update={field: value})), countries={"XX": "某国"})
        assert body["pnr"][0]["passenger"][0][theirs] == written

    @pytest.mark.parametrize(
        ("field", "value", "theirs", "word"),
        [
            ("gender", "X", "gender", "女"), ("document_type", "HY", "certificate_type", "护照"),
            ("nationality", "ZZ", "nationality", "某国"), ("document_issued_by", "Peking", "issuing_country", "中国"),
            ("birthday", "soon", "birthday", "1990-01-01"),
            ("document_expires", "2", "period_of_validity", "2040-01-01"),
        ],
    )  # fmt: skip
    def test_what_has_no_wire_form_waits_for_the_context(self, field: str, value: str, theirs: str, word: str) -> None:
        event = ticketed(PERSON.model_copy(update={field: value}))
        assert missing(event) == (f"passenger['张晶晶'].{theirs}",)
        told_better = CONTEXT | {"passenger": [{"name": "张晶晶", theirs: word}]}
        assert body_of(event, context=told_better)["pnr"][0]["passenger"][0][theirs] == word

    def test_namesakes_are_told_apart_by_document(self) -> None:
        other = PERSON.model_copy(update={"document_number": "2"})
        words = [{"name": "张晶晶", "document": "2", "gender": "男"}]
        body = body_of(ticketed(PERSON, other), context=CONTEXT | {"passenger": words})
        assert [one["gender"] for one in body["pnr"][0]["passenger"]] == ["女", "男"]
        doubled = [{"name": "张晶晶", "gender": one} for one in "女男"]
        assert missing(ticketed(), context=CONTEXT | {"passenger": doubled}) == ("passenger['张晶晶'].document",)


def two_locators(**first: Any) -> dict[str, Any]:
    element = CONTEXT["pnr"][0]
    return CONTEXT | {"pnr": [element | {"code": "AAAAAA"} | first, element | {"code": "BBBBBB"}]}


class TestPnrs:
    BOTH = (
        PERSON.model_copy(update={"pnrs": ("AAAAAA",)}),
        PERSON.model_copy(update={"name": "B", "pnrs": ("BBBBBB",)}),
    )

    def test_counts_are_of_the_passengers_sent(self) -> None:
        infant = PERSON.model_copy(update={"name": "I", "kind": "infant"})
        price = CONTEXT["pnr"][0]["price"][0]
        segment = {name: v for name, v in CONTEXT["pnr"][0]["segment"][0].items() if name != "number_of_place"}
        prices = [{name: v for name, v in price.items() if name != "number_of_people"} | {"type": t} for t in "13"]
        pnr = CONTEXT["pnr"][0] | {"price": prices, "segment": [segment]}
        other = PERSON.model_copy(update={"name": "O"})
        body = body_of(ticketed(PERSON, other, infant), context=CONTEXT | {"pnr": [pnr]})
        (element,) = body["pnr"]
        assert (body["ticket_order"]["passenger_number"], element["number_of_people"]) == ("3", "3")
        assert [one["number_of_people"] for one in element["price"]] == ["2", "1"]
        assert element["segment"][0]["number_of_place"] == "2"

    def test_a_price_for_nobody_must_say_its_number(self) -> None:
        context = copy.deepcopy(CONTEXT)
        del context["pnr"][0]["price"][0]["number_of_people"]
        assert missing(ticketed(PERSON.model_copy(update={"kind": ""})), context=context) == (
            "pnr[0].price[0].number_of_people",
        )

    def test_passengers_are_where_their_locator_is(self) -> None:
        body = body_of(ticketed(*self.BOTH), context=two_locators())
        assert [[one["name"] for one in element["passenger"]] for element in body["pnr"]] == [["张晶晶"], ["B"]]

    def test_or_where_the_context_puts_them(self) -> None:
        body = body_of(ticketed(*self.BOTH), context=two_locators(passengers=["b", "张晶晶"], big_code="X"))
        assert [one["name"] for one in body["pnr"][0]["passenger"]] == ["张晶晶", "B"]

    def test_nobody_is_left_out_and_no_element_is_empty(self) -> None:
        assert missing(ticketed(self.BOTH[0], PERSON), context=two_locators()) == (
            "pnr[1].passengers",
            "passenger['张晶晶']: which pnr[]",
        )

    def test_one_locator_payable_and_receivable_is_two_elements_of_the_same_people(self) -> None:
        element = CONTEXT["pnr"][0]
        body = body_of(ticketed(), context=CONTEXT | {"pnr": [element, element | {"type": "2"}]})
        assert [one["type"] for one in body["pnr"]] == ["1", "2"]
        assert body["pnr"][0]["passenger"] == body["pnr"][1]["passenger"]
        assert body["ticket_order"]["passenger_number"] == "1"

    def test_of_several_big_codes_the_context_must_choose(self) -> None:
        event = ticketed(PERSON.model_copy(update={"pnrs": ("P1", "P2")}))
        assert missing(event) == ("pnr[0].big_code",)
        chosen = CONTEXT | {"pnr": [CONTEXT["pnr"][0] | {"big_code": "P2"}]}
        assert body_of(event, context=chosen)["pnr"][0]["big_code"] == "P2"
        for pnrs, written in (((), ""), (("XT60TR", "ET6305"), "ET6305"), (("XT60TR",), "XT60TR")):
            event = ticketed(PERSON.model_copy(update={"pnrs": pnrs}))
            assert body_of(event)["pnr"][0]["big_code"] == written


class TestOtherDocuments:
    VOID = OrderVoid(order_no="A9", void_code="V1", void_status=2)

    @pytest.mark.parametrize("status", [0, 1, 3, 4, 6, 9])
    def test_a_void_that_is_not_done_has_no_wire_form(self, status: int) -> None:
        outcome = told(self.VOID.model_copy(update={"void_status": status}), categories=EVERYTHING)
        assert isinstance(outcome, NotDeliverable)
        assert f"void_status {status}" in outcome.reason

    @pytest.mark.parametrize(
        ("event", "name", "code", "number"),
        [
            (VOID, "废票单", "4", "V1"), (VOID.model_copy(update={"void_status": 5}), "废票单", "4", "V1"),
            (OrderChanged(order_no="A9", document_no="C1", passengers=(PERSON,)), "改期单", "2", "C1"),
            (OrderRefunded(order_no="A9", document_no="R1", passengers=(PERSON,)), "退票单", "3", "R1"),
        ],
    )  # fmt: skip
    def test_others_go_by_name_or_agreed_code_where_the_partner_takes_them(
        self, event: Any, name: str, code: str, number: str
    ) -> None:
        refused = told(event)
        assert isinstance(refused, NotDeliverable)
        assert refused.reason.startswith("partner has not agreed to")
        assert missing(event, categories=EVERYTHING) == (f"documents[{number!r}]",)
        own = {"offer": "-650", "passenger": [{"name": "张晶晶", "ticket_numbers": ["9991112265894"]}]}
        context = CONTEXT | {"documents": {number: own}}
        order = body_of(event, context=context, categories=EVERYTHING)["ticket_order"]
        assert (order["category"], order["client_order_id"], order["client_parent_order_id"]) == (name, number, "A9")
        assert (order["offer"], order["payment_amount"], order["status"]) == ("-650", "600", "1")
        coded = body_of(event, context=context, categories=EVERYTHING, category_codes=True)
        assert coded["ticket_order"]["category"] == code
        assert coded["pnr"][0]["passenger"][0]["ticket_numbers"] == ["999-1112265894"]

    def test_a_void_says_whose_by_the_context(self) -> None:
        context = CONTEXT | {"documents": {"V1": {}}}
        assert missing(self.VOID, context=context, categories=EVERYTHING) == ("passenger",)

    def test_the_orders_number_in_our_books_is_the_parent(self) -> None:
        context = CONTEXT | {"client_order_id": "B7", "documents": {"V1": {"passenger": [{"name": "张晶晶"}]}}}
        assert body_of(ticketed(), context=context)["ticket_order"]["client_order_id"] == "B7"
        order = body_of(self.VOID, context=context, categories=EVERYTHING)["ticket_order"]
        assert (order["client_order_id"], order["client_parent_order_id"]) == ("V1", "B7")


@pytest.mark.parametrize(
    "content",
    [OrderRejected(order_no="A"), ticketed(order_status=1), ticketed(PERSON.model_copy(update={"name": "\ud800"}))],
)
def test_what_has_no_wire_form_is_not_deliverable(content: Any) -> None:
    assert isinstance(told(content), NotDeliverable)


def test_a_ticketed_event_without_passengers_waits() -> None:
    assert missing(ticketed().model_copy(update={"passengers": ()})) == ("passenger",)


def test_the_example_context_completes_the_other_partys_sample() -> None:
    body = sample("atlas/04-atlas-order-ticketed-full.json")
    raw = RawEvent(UUID(int=1), "upstream", "order.ticketed", ARRIVED, "atlas", "1", body)
    context = json.loads(sample("datacentre/context-for-atlas-04.json"))
    assert PARTY.check_context(context) == []
    written = body_of(inbound("atlas").read(raw).content, context=context)
    assert written["ticket_order"]["client_order_id"] == "TESTL20230922153224323"
    (element,) = written["pnr"]
    assert [price["number_of_people"] for price in element["price"]] == ["2", "1"]
    assert element["big_code"] == "S30814"
    assert element["passenger"][0] == {
        "name": "zhang/lisi",
        "gender": "女",
        "certificate_type": "护照",
        "certificate_number": "123458",
        "nationality": "中国",
        "issuing_country": "中国",
        "birthday": "2016-02-02",
        "period_of_validity": "2040-01-01",
        "ticket_numbers": ["S30814"],
    }
