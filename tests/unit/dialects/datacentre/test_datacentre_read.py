"""The contract, served: who may call, every reading the digest recommends, and the only error form there is."""

import copy
import json
from typing import Any

import pytest

from dialects.contract import Malformed, Peeked, UnknownPath, Unreadable
from dialects.datacentre.inbound import DataCentreInbound
from dialects.datacentre.read import REASONS
from schemas.events import OrderChanged, OrderRefunded, OrderTicketed, OrderVoid
from tests.unit.dialects.datacentre.messages import (
    ORDER,
    PERSON,
    SAMPLE,
    STRINGS,
    encoded,
    read_body,
    read_document,
    signed,
    with_order,
    with_passenger,
)
from tests.unit.dialects.requests import request, sample

PARTY = DataCentreInbound()


def order(document: object) -> OrderTicketed:
    content = read_document(document).content
    assert isinstance(content, OrderTicketed)
    return content


class TestTicketed:
    def test_the_sample(self) -> None:
        assert PARTY.peek(request(encoded(SAMPLE))) == Peeked("order.ticketed", "1001")
        event = order(SAMPLE)
        assert (event.order_no, event.customer, event.order_status, event.final) == ("1001", "LMBJ", 2, False)
        assert event.passengers == (PERSON,)
        kept = event.extra["ticket_order"]
        assert isinstance(kept, dict)
        assert (kept["offer"], kept["title"]) == ("700", "北京香港20人团")
        assert not {"token", "supplier_order"} & set(kept)
        assert '"zvalue":"0"' in event.model_dump_json()

    def test_json_in_strings_is_the_same_event(self) -> None:
        assert read_document(STRINGS) == read_document(SAMPLE)

    def test_a_single_object_stands_for_a_list_and_pnr_may_lie_within_the_order(self) -> None:
        element = SAMPLE["pnr"][0]
        single = element | {"passenger": element["passenger"][0] | {"ticket_numbers": "999-1112265894"}}
        assert order(SAMPLE | {"pnr": single}).passengers == (PERSON,)
        assert order({"ticket_order": ORDER | {"pnr": [single]}}).passengers == (PERSON,)

    def test_one_locator_twice_is_merged_by_value(self) -> None:
        element = SAMPLE["pnr"][0]
        again = element["passenger"][0] | {
            "ticket_numbers": ["9991112265894", "999-1112265895"],
            "gender": None,
            "seat": "1A",
        }
        event = order(SAMPLE | {"pnr": [element, element | {"type": "2", "passenger": [again]}]})
        both = {"ticket_numbers": ("9991112265894", "9991112265895"), "extra": {"seat": "1A"}}
        assert event.passengers == (PERSON.model_copy(update=both),)

    @pytest.mark.parametrize("category", ["1", 1, "出票单", "出票", " 1 "])
    def test_ticketing_by_any_word(self, category: object) -> None:
        assert order(with_order(category=category)).passengers

    @pytest.mark.parametrize("fields", [{"status": "9"}, {"status": None}, {"type": 3}, {"type": "3"}, {"offer": 700}])
    def test_any_status_and_codes_and_amounts_as_numbers(self, fields: dict[str, Any]) -> None:
        assert order(with_order(**fields)).passengers

    def test_amounts_are_kept_as_written(self) -> None:
        body = encoded(with_order(offer="OFFER")).replace(b'"OFFER"', b"700.10")
        kept = read_body(body).content.extra["ticket_order"]
        assert isinstance(kept, dict)
        assert kept["offer"] == "700.10"

    def test_a_foreign_currency_as_object_or_text_with_either_capital(self) -> None:
        forms = [json.loads(sample("datacentre/18-datacentre-foreign-currency.json"))]
        forms += [json.dumps(forms[0]), {"amount": "1000", "category": "港币"}]
        events = {read_document(with_order(foreign_currency_json=form)).digest for form in forms}
        assert len(events) == 1

    def test_the_tables_own_values(self) -> None:
        numbers = json.loads(sample("datacentre/19-datacentre-ticket-numbers.json"))
        assert order(with_passenger(ticket_numbers=numbers)).passengers[0].ticket_numbers == (
            "9991112265894",
            "9991112265895",
        )
        for number, name in (("16", "customer"), ("17", "creator")):
            text = sample(f"datacentre/{number}-datacentre-{name}.json").decode()
            assert read_document(with_order(**{name: text})) == read_document(SAMPLE)

    @pytest.mark.parametrize("none", ["0", "", None, 0])
    def test_no_suppliers_number(self, none: object) -> None:
        assert read_document(with_order(supplier_order=none)) == read_document(SAMPLE)

    @pytest.mark.parametrize(
        ("field", "value", "ours", "read"),
        [
            ("gender", "男", "gender", "M"), ("gender", "F", "gender", "F"), ("gender", "X", "gender", "X"),
            ("certificate_type", "护照", "document_type", "PP"),
            ("certificate_type", "军官证", "document_type", "军官证"),
            ("nationality", "US", "nationality", "US"), ("nationality", "美国", "nationality", "US"),
            ("nationality", "火星", "nationality", "火星"), ("birthday", "1990-01-01 00:00:00", "birthday", "19900101"),
            ("birthday", 1498752000, "birthday", "20170630"), ("birthday", "1498752000000", "birthday", "20170630"),
            ("birthday", "soon", "birthday", "soon"), ("certificate_number", 123, "document_number", "123"),
            ("ticket_numbers", ["S30814", 7, None, ""], "ticket_numbers", ("S30814", "7")),
            ("ticket_numbers", None, "ticket_numbers", ()), ("ticket_numbers", "[]", "ticket_numbers", ()),
            ("ticket_numbers", 9991112265894, "ticket_numbers", ("9991112265894",)),
            ("seat", "1A", "extra", {"seat": "1A"}),
        ],
    )  # fmt: skip
    def test_a_passengers_fields(self, field: str, value: object, ours: str, read: object) -> None:
        assert getattr(order(with_passenger(**{field: value})).passengers[0], ours) == read

    def test_the_small_code_stands_in_for_a_big_one(self) -> None:
        element = SAMPLE["pnr"][0] | {"big_code": ""}
        assert order(SAMPLE | {"pnr": [element]}).passengers[0].pnrs == ("XT60TR",)

    def test_no_kind_is_guessed_when_prices_differ(self) -> None:
        price = SAMPLE["pnr"][0]["price"][0]
        element = SAMPLE["pnr"][0] | {"price": [price, price | {"type": "儿童"}]}
        assert order(SAMPLE | {"pnr": [element]}).passengers[0].kind == ""

    def test_odd_times_are_taken_with_a_warning(self) -> None:
        for time in ("2017-06-30 11:43", "2017-06-30", 1498822980, "1498822980000"):
            assert "warnings" not in order(with_order(create_time=time)).extra
        assert order(with_order(issue_time="noon")).extra["warnings"] == ["time-unreadable:issue_time"]


class TestOtherCategories:
    @pytest.mark.parametrize("category", ["废票单", "废票", "4", 4])
    def test_a_void(self, category: object) -> None:
        document = with_order(category=category, client_order_id="V1")
        content = read_document(document).content
        assert isinstance(content, OrderVoid)
        assert (content.order_no, content.void_code, content.void_status) == ("1000", "V1", 2)
        assert content.extra["passengers"] == [{"name": "张晶晶", "ticket_numbers": ["9991112265894"]}]
        assert PERSON.document_number not in content.model_dump_json()
        assert ("warnings" in content.extra) == (category in {"4", 4})

    @pytest.mark.parametrize(
        ("category", "event_type", "kind"),
        [
            ("改期单", OrderChanged, "order.changed"), ("改期", OrderChanged, "order.changed"),
            (2, OrderChanged, "order.changed"), ("退票单", OrderRefunded, "order.refunded"),
            ("3", OrderRefunded, "order.refunded"),
        ],
    )  # fmt: skip
    def test_a_change_or_refund(self, category: object, event_type: type[OrderChanged], kind: str) -> None:
        document = with_order(category=category, client_order_id="R1")
        content = read_document(document).content
        assert isinstance(content, event_type)
        assert (content.order_no, content.document_no, content.passengers) == ("1000", "R1", (PERSON,))
        assert PARTY.peek(request(encoded(document))) == Peeked(kind, "1000")

    @pytest.mark.parametrize("parent", ["", None, " "])
    def test_without_a_parent_the_order_is_its_own(self, parent: str | None) -> None:
        document = with_order(category="退票单", client_parent_order_id=parent)
        assert read_document(document).content.order_no == "1001"
        assert PARTY.peek(request(encoded(document))).order_no == "1001"

    def test_it_may_name_nobody(self) -> None:
        document = {"ticket_order": ORDER | {"category": "废票单"}}
        assert "passengers" not in read_document(document).content.extra


class TestIdentity:
    def test_a_rotated_password_is_the_same_event(self) -> None:
        assert read_document(signed(SAMPLE, "new")) == read_document(signed(SAMPLE, "old"))

    def test_company_number_category_and_content_are_it(self) -> None:
        others = [
            with_order(company_id="LMSH"), with_order(client_order_id="1002"), with_order(category="废票单"),
            with_order(offer="701"), with_passenger(ticket_numbers=["T"]),
        ]  # fmt: skip
        assert len({read_document(one).digest for one in (SAMPLE, *others)}) == 6


HIDDEN = '[{"space": "\\u0000"}]'


def hidden(text: str) -> dict[str, Any]:
    document = copy.deepcopy(SAMPLE)
    document["pnr"][0]["segment"] = text
    return document


@pytest.mark.parametrize(
    ("document", "code", "text"),
    [
        ([], "not-json", "not a JSON object"), (with_order(title="a\0"), "text-not-storable", "NUL"),
        (with_order(title="\ud800"), "text-not-storable", "surrogate"), (hidden(HIDDEN), "text-not-storable", "NUL"),
        ({"pnr": []}, "order-missing", "ticket_order"), (with_order(company_id=" "), "company-missing", "company_id"),
        (with_order(client_order_id=None), "order-number-missing", "client_order_id"),
        (with_order(client_order_id="1" * 257), "order-number-unusable", "257 characters"),
        (with_order(client_parent_order_id="a\n"), "order-number-unusable", "client_parent_order_id"),
        (with_order(category="5"), "category-unknown", "'5'"),
        (with_order(category=None), "category-unknown", "missing"),
        (SAMPLE | {"pnr": "x"}, "element-unreadable", "pnr is neither"),
        (SAMPLE | {"pnr": [{"passenger": [1]}]}, "element-unreadable", r"pnr\[0\].passenger is"),
        (SAMPLE | {"pnr": []}, "passengers-missing", "names nobody"),
        (with_passenger(name=""), "passenger-name-missing", r"pnr\[0\].passenger\[0\].name"),
        (with_passenger(ticket_numbers=[{}]), "ticket-number-unreadable", r"passenger\[0\].ticket_numbers"),
        (SAMPLE | {"memo": json.loads("[" * 400 + "]" * 400)}, "content-unreadable", "part"),
    ],
)  # fmt: skip
def test_every_refusal_has_its_code_and_names_the_field(document: object, code: str, text: str) -> None:
    with pytest.raises(Unreadable, match=text) as parked:
        read_document(document)
    assert parked.value.reason == code
    assert code in REASONS
    with pytest.raises(Malformed, match=text):
        PARTY.peek(request(encoded(document)))


def test_what_a_doubly_escaped_text_hides_is_found() -> None:
    body = encoded(hidden("HERE")).replace(b'"HERE"', b'"[{\\"space\\": \\"\\u005cu0000\\"}]"')
    with pytest.raises(Malformed, match="NUL"):
        PARTY.peek(request(body))


def test_there_is_nothing_below_the_sources_path() -> None:
    assert PARTY.peek(request(encoded(SAMPLE), path="/")).order_no == "1001"
    with pytest.raises(UnknownPath):
        PARTY.peek(request(encoded(SAMPLE), path="/ticket_order"))
