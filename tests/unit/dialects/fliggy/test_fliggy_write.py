"""The call as a strict writer emits it: signed, complete, the same in every attempt, and never bent to fit."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from dialects.contract import Call, MissingContext, NotDeliverable
from dialects.fliggy.outbound import FliggyOutbound
from dialects.fliggy.verify import verify
from schemas.events import AnyEvent, OrderChanged, OrderRefunded, OrderRejected, OrderTicketed, OrderVoid, Passenger
from tests.unit.dialects.fliggy.calls import (
    ARRIVED,
    CONTEXT,
    CREDENTIALS,
    PROVEN,
    SAMPLES,
    atlas_order,
    callback,
    changed,
    request,
    sent,
    sent_order,
)

write = FliggyOutbound().write
ATLAS = atlas_order()
REJECTED = OrderRejected(order_no="A1", code="E7", reason="no seats left")
FAILED_CODES = {**CREDENTIALS, "failed_codes": {"default": "1401", "E7": "1104", "sold out": "1102"}}


def ticketed(*passengers: Passenger, **fields: Any) -> OrderTicketed:
    return OrderTicketed(**{"order_no": "A1", "order_status": 2, "passengers": passengers, **fields})


def context(*passengers: dict[str, Any]) -> dict[str, Any]:
    """Each with one ticket, unless it has others."""
    tickets = [[{"ticket_id": f"T{place}", "ticket_price": 1}] for place in range(len(passengers))]
    listed = [{"ticket_list": own, **given} for own, given in zip(tickets, passengers, strict=True)]
    return {"alitrip_order_id": "1", "agent_order_id": "2", "passenger_list": listed}


class TestTheForm:
    def test_the_golden_call(self) -> None:
        call = write(callback(ATLAS))
        assert isinstance(call, Call)
        assert (call.method, call.url) == ("POST", "https://platform.example/router/rest")
        assert call.headers == {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        assert call.body + b"\n" == (SAMPLES / "fliggy" / "written-from-atlas-04.form").read_bytes()
        golden = json.loads((SAMPLES / "fliggy" / "written-from-atlas-04.json").read_bytes())
        assert list(sent_order(call).items()) == list(golden.items())

    def test_the_common_parameters_and_compact_unescaped_json(self) -> None:
        given = sent(write(callback(ATLAS)))
        assert {name: value for name, value in given.items() if name not in {"sign", "confirm_book_r_q"}} == {
            "method": "alitrip.ship.order.notify", "app_key": "12345678", "session": "test", "format": "json",
            "timestamp": "2016-01-01 12:00:00", "v": "2.0", "sign_method": "md5",
        }  # fmt: skip
        order = json.loads(given["confirm_book_r_q"])
        assert given["confirm_book_r_q"] == json.dumps(order, ensure_ascii=False, separators=(",", ":"))

    @pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256", None])
    def test_our_own_verification_takes_it(self, sign_method: str | None) -> None:
        chosen = {name: value for name, value in CREDENTIALS.items() if name not in {"sign_method", "session"}}
        if sign_method:
            chosen["sign_method"] = sign_method
        call = write(callback(ATLAS, credentials={**chosen, "format": "xml"}))
        assert isinstance(call, Call)
        verify(request(call.body), PROVEN)
        given = sent(call)
        assert given["sign_method"] == (sign_method or "hmac-sha256")
        assert given["format"] == "xml"
        assert "session" not in given

    def test_a_later_attempt_differs_in_time_and_signature_only(self) -> None:
        first, later = (sent(write(callback(ATLAS, now=ARRIVED + timedelta(hours=n), attempt=n + 1))) for n in (0, 20))
        assert later["timestamp"] == "2016-01-02 08:00:00"
        assert {name for name in first if first[name] != later[name]} == {"timestamp", "sign"}


class TestPassengers:
    def test_each_gets_what_the_context_says_of_them(self) -> None:
        child, adult, other = sent_order(write(callback(ATLAS)))["passenger_list"]
        assert (child["passenger_name"], adult["passenger_name"], other["passenger_name"]) == (
            "Zhang/Lisi", "李四", "ZHANG/SAN",
        )  # fmt: skip
        assert (adult["passenger_cert_no"], adult["passenger_cert_type"]) == ("123457", "2")
        assert not {"passenger_cert_no", "passenger_cert_type", "passenger_id"} & set(child)
        assert [ticket["e_ticket_no"] for ticket in adult["ticket_list"]] == ["S30814", "S30814"]
        assert adult["ticket_list"][1]["ext_attr"] == '{"leg":2}'

    def test_a_document_number_comes_before_the_name(self) -> None:
        event = ticketed(
            Passenger(name="A", document_number="1", ticket_numbers=("N1",)),
            Passenger(name="A", document_number="2x", ticket_numbers=("N2",)),
            Passenger(name="a ", ticket_numbers=("N3",)),
        )
        known = [{"passenger_name": "A"}, {"passenger_name": "乙", "passenger_cert_no": "2X"}, {"passenger_name": "A"}]
        order = sent_order(write(callback(event, context(*known))))
        assert [(p["passenger_name"], p["ticket_list"][0]["ticket_id"]) for p in order["passenger_list"]] == [
            ("A", "T0"), ("乙", "T1"), ("A", "T2"),
        ]  # fmt: skip

    def test_a_name_does_not_join_two_documents(self) -> None:
        event = ticketed(Passenger(name="A", document_number="1", ticket_numbers=("N",)))
        call = write(callback(event, context({"passenger_name": "A", "passenger_cert_no": "2"})))
        assert call == MissingContext(
            (
                "passenger_list: nobody in it is passengers[0]",
                "passenger_list[0]: nobody in the event is this passenger",
            )
        )

    def test_documents_are_told_by_the_partners_list_of_types(self) -> None:
        event = ticketed(Passenger(name="A", document_number="E1", document_type="PP", ticket_numbers=("N",)))
        named = context({"passenger_name": "A"})
        (plain,) = sent_order(write(callback(event, named)))["passenger_list"]
        assert set(plain) == {"passenger_name", "ticket_list"}
        listed = {**CREDENTIALS, "passenger_cert_types": {"PP": "3"}}
        (told,) = sent_order(write(callback(event, named, credentials=listed)))["passenger_list"]
        assert (told["passenger_cert_no"], told["passenger_cert_type"]) == ("E1", "3")
        unlisted = write(callback(event, named, credentials={**CREDENTIALS, "passenger_cert_types": {"ID": "1"}}))
        assert isinstance(unlisted, NotDeliverable)
        assert "passengers[0].document_type 'PP'" in unlisted.reason
        assert "E1" not in unlisted.reason

    @pytest.mark.parametrize(
        ("field", "names"),
        [("e_ticket_no", {"e_ticket_no"}), ("ticket_no", {"ticket_no"}), ("both", {"e_ticket_no", "ticket_no"})],
    )
    def test_numbers_stand_in_the_partners_field(self, field: str, names: set[str]) -> None:
        order = sent_order(write(callback(ATLAS, credentials={**CREDENTIALS, "ticket_number_field": field})))
        for passenger in order["passenger_list"]:
            for ticket in passenger["ticket_list"]:
                assert {name for name in ("ticket_no", "e_ticket_no") if ticket.get(name) == "S30814"} == names

    def test_ticket_types_are_the_partners_or_the_tickets_own(self) -> None:
        given = {**CREDENTIALS, "ticket_type": "1", "ticket_sub_type": "12"}
        own = changed(CONTEXT, "passenger_list.1.ticket_list.0.ticket_type", "3")
        tickets = sent_order(write(callback(ATLAS, own, credentials=given)))["passenger_list"][1]["ticket_list"]
        assert [(t["ticket_type"], t["ticket_sub_type"]) for t in tickets] == [("3", "11"), ("1", "12")]

    def test_several_numbers_need_as_many_tickets(self) -> None:
        tickets = [{"ticket_id": f"T{n}", "ticket_price": n} for n in range(2)]
        known = context({"passenger_name": "A", "ticket_list": tickets})
        two = sent_order(write(callback(ticketed(Passenger(name="A", ticket_numbers=("N1", "N2"))), known)))
        assert [t["e_ticket_no"] for t in two["passenger_list"][0]["ticket_list"]] == ["N1", "N2"]
        assert two["ticket_count"] == 2
        three = write(callback(ticketed(Passenger(name="A", ticket_numbers=("1", "2", "3"))), known))
        assert three == MissingContext(("passenger_list[0].ticket_list: 2 tickets for 3 numbers",))

    @pytest.mark.parametrize("numbers", [(), ("",), ("N", " ")])
    def test_a_ticket_has_a_number(self, numbers: tuple[str, ...]) -> None:
        event = ticketed(Passenger(name="A", ticket_numbers=numbers))
        call = write(callback(event, context({"passenger_name": "A"})))
        assert isinstance(call, NotDeliverable)
        assert "passengers[0].ticket_numbers" in call.reason

    def test_a_passenger_has_a_name(self) -> None:
        event = ticketed(Passenger(name=" ", document_number="1", ticket_numbers=("N",)))
        call = write(callback(event, context({"passenger_cert_no": "1"})))
        assert call == NotDeliverable("passengers[0].name is empty")


class TestRejection:
    @pytest.mark.parametrize(
        ("code", "reason", "expected"),
        [("E7", "", "1104"), ("E7", "sold out", "1104"), ("", "sold out", "1102"), ("E9", "?", "1401")],
    )
    def test_has_a_failed_code_of_the_partners_list(self, code: str, reason: str, expected: str) -> None:
        event = OrderRejected(order_no="A1", code=code, reason=reason)
        assert list(sent_order(write(callback(event, credentials=FAILED_CODES))).items()) == [
            ("agent_order_id", "13334099888"), ("alitrip_order_id", "3892200000033"),
            ("main_biz_order_id", 3892200000034), ("success", False), ("ticket_count", 0), ("failed_code", expected),
        ]  # fmt: skip

    def test_without_one_is_for_a_person(self) -> None:
        call = write(callback(REJECTED))
        assert isinstance(call, NotDeliverable)
        assert "code 'E7' is not in credentials.failed_codes" in call.reason

    def test_needs_no_passengers(self) -> None:
        assert isinstance(write(callback(REJECTED, context(), credentials=FAILED_CODES)), Call)


@pytest.mark.parametrize("given", [None, {}, {"passenger_list": []}, {"alitrip_order_id": "", "agent_order_id": None}])
def test_what_the_context_lacks_is_named(given: dict[str, Any] | None) -> None:
    assert write(callback(ATLAS, given)) == MissingContext(("alitrip_order_id", "agent_order_id", "passenger_list"))
    assert write(callback(REJECTED, given)) == MissingContext(("alitrip_order_id", "agent_order_id"))


def test_a_context_that_was_stored_wrong_is_waited_for() -> None:
    call = write(callback(ATLAS, changed(CONTEXT, "total_price", "much")))
    assert isinstance(call, MissingContext)
    assert call.fields[0].startswith("context.total_price")


@pytest.mark.parametrize("event", [ATLAS, REJECTED])
def test_the_first_success_freezes_the_order(event: AnyEvent) -> None:
    call = write(callback(event, credentials=FAILED_CODES, delivered_before=True))
    assert isinstance(call, NotDeliverable)
    assert "froze" in call.reason


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (OrderVoid(order_no="A1", void_code="V", void_status=2), "order.void has no wire form"),
        (OrderChanged(order_no="A1", document_no="D"), "order.changed has no wire form"),
        (OrderRefunded(order_no="A1", document_no="D"), "order.refunded has no wire form"),
        (ticketed(), "passengers is empty"),
        (ticketed(Passenger(name="A", ticket_numbers=("1",)), order_status=-3), "order_status is -3"),
    ],
)
def test_what_has_no_wire_form_says_why(event: AnyEvent, text: str) -> None:
    call = write(callback(event))
    assert isinstance(call, NotDeliverable)
    assert text in call.reason


def test_wrong_credentials_are_named_without_their_values() -> None:
    call = write(callback(ATLAS, credentials={"app_key": "", "secret": ["geheim"]}))
    assert isinstance(call, NotDeliverable)
    assert "credentials.app_key" in call.reason
    assert "credentials.secret" in call.reason
    assert "geheim" not in call.reason


@pytest.mark.parametrize("text", ["x" * 10_000, "🎫", "\u202eשלום", "a&b=c+d %\n\"'"])
def test_texts_are_never_cut_or_changed(text: str) -> None:
    number: JsonValue = 10**30
    given = changed(changed(CONTEXT, "message", text), "order_attr", {"n": number, "text": text})
    order = sent_order(write(callback(ATLAS, given)))
    assert order["message"] == text
    assert json.loads(order["order_attr"]) == {"n": number, "text": text}
