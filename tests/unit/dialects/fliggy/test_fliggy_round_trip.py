"""read(write(x)) = x, and write(read(y)) = y, as far as the contract can carry it.

What it cannot carry of an event: whose customer it was; a passenger's kind, birthday, gender, issuer and expiry of the
document, nationality, locators, ancillaries; the other party's `extra`; that an event was not final; a rejection's
reason, and its code but through the partner's list. The order number is the platform's: `alitrip_order_id`.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.contract import Call
from dialects.fliggy.outbound import FliggyOutbound
from dialects.fliggy.peek import peek
from dialects.fliggy.read import read
from schemas.events import AnyEvent, OrderRejected, OrderTicketed, Passenger
from tests.unit.dialects.fliggy.calls import CREDENTIALS, callback, parameters, request, sent_order, stored

write = FliggyOutbound().write

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
ids = st.text("0123456789ABCabc-_", min_size=1, max_size=20)
fen = st.integers(0, 2**63 - 1)
TYPES = ["PP", "ID", "TB"]
GIVEN = {
    **CREDENTIALS,
    "passenger_cert_types": {kind: kind for kind in TYPES},
    "failed_codes": {"1102": "1102", "E 7": "E 7"},
}

tickets = st.fixed_dictionaries(
    {"ticket_price": fen},
    optional={
        "ticket_type": st.sampled_from(["1", "2", "3", "4"]), "ticket_sub_type": st.sampled_from(["11", "12", "21"]),
        "ticket_title": texts, "ticket_desc": texts, "ticket_seat_no": texts, "ticket_pwd": texts,
        "expire_time": st.just("2027-12-20 00:00:00"), "ext_attr": st.dictionaries(texts, texts | fen, max_size=2),
    },
)  # fmt: skip
people = st.lists(
    st.tuples(
        texts,
        st.none() | st.tuples(ids, st.sampled_from(TYPES)),
        st.lists(st.tuples(texts, tickets), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=3,
)
orders = st.fixed_dictionaries(
    {"alitrip_order_id": ids, "agent_order_id": ids},
    optional={
        "main_biz_order_id": fen, "total_price": fen, "fetch_tickets_address": texts, "fetch_tickets_number": texts,
        "fetch_tickets_pwd": texts, "message": texts, "ticket_wicket": texts,
        "order_attr": st.dictionaries(texts, texts | fen, max_size=2),
    },
)  # fmt: skip


def read_back(call: object) -> AnyEvent:
    assert isinstance(call, Call), call
    asked = request(call.body)
    event = read(stored(asked)).content
    assert (peek(asked).type, peek(asked).order_no) == (event.type, event.order_no)
    return event


def without_extra(event: OrderTicketed) -> OrderTicketed:
    passengers = tuple(passenger.model_copy(update={"extra": {}}) for passenger in event.passengers)
    return event.model_copy(update={"passengers": passengers, "extra": {}})


def numbered(own: list[tuple[str, dict[str, Any]]], place: int) -> list[dict[str, Any]]:
    return [{"ticket_id": f"{place}-{n}", **ticket} for n, (_, ticket) in enumerate(own)]


def context_of(order: dict[str, Any], event: OrderTicketed) -> dict[str, Any]:
    """The context that an event of this contract itself holds, for writing it again."""
    passengers = []
    for passenger in event.passengers:
        own: Any = passenger.extra["ticket_list"]
        kept = [
            {name: value for name, value in ticket.items() if name not in {"e_ticket_no", "ticket_status"}}
            for ticket in own
        ]
        passengers.append({"passenger_name": passenger.name, "ticket_list": kept})
    kept_order = {name: value for name, value in event.extra.items() if name not in {"ticket_count", "reader_warnings"}}
    return {"alitrip_order_id": order["alitrip_order_id"], **kept_order, "passenger_list": passengers}


@settings(max_examples=40, deadline=None)
@given(orders, people)
def test_a_ticketed_order(order: dict[str, Any], everybody: list[tuple[str, Any, list[Any]]]) -> None:
    event = OrderTicketed(
        order_no=order["alitrip_order_id"],
        order_status=2,
        final=True,
        passengers=tuple(
            Passenger(
                name=name,
                document_number=f"{place}{document[0]}" if document else "",
                document_type=document[1] if document else "",
                ticket_numbers=tuple(number for number, _ in own),
            )
            for place, (name, document, own) in enumerate(everybody)
        ),
    )
    listed = [
        {"passenger_name": passenger.name, "ticket_list": numbered(own, place)}
        | ({"passenger_cert_no": passenger.document_number} if passenger.document_number else {})
        for place, (passenger, (_, _, own)) in enumerate(zip(event.passengers, everybody, strict=True))
    ]
    call = write(callback(event, {**order, "passenger_list": listed}, credentials=GIVEN))
    back = read_back(call)
    assert isinstance(back, OrderTicketed)
    assert without_extra(back) == event
    again = write(callback(back, context_of(order, back), credentials=GIVEN))
    assert sent_order(again) == sent_order(call)
    assert read_back(again) == back


@settings(max_examples=30, deadline=None)
@given(orders, st.sampled_from(["1102", "E 7"]))
def test_a_rejected_order(order: dict[str, Any], code: str) -> None:
    event = OrderRejected(order_no=order["alitrip_order_id"], code=code, reason="")
    back = read_back(write(callback(event, order, credentials=GIVEN)))
    assert isinstance(back, OrderRejected)
    assert back.model_copy(update={"extra": {}}) == event


def test_the_documents_sample_with_what_the_digest_changes() -> None:
    event = read(stored(request(parameters()))).content
    assert isinstance(event, OrderTicketed)
    order: dict[str, Any] = {"alitrip_order_id": event.order_no}
    given = context_of(order, event)
    del given["failed_code"], given["order_attr"], given["passenger_list"][0]["ticket_list"][0]["ext_attr"]
    del given["passenger_list"][0]["ticket_list"][0]["ticket_no"]
    given["passenger_list"][0] |= {"passenger_id": "30303029", "passenger_cert_type": "1"}
    both = {**CREDENTIALS, "ticket_number_field": "both"}
    written = sent_order(write(callback(event, given, credentials=both)))
    ticket = written["passenger_list"][0]["ticket_list"][0]
    assert (written["ticket_count"], written["success"], ticket["ticket_status"]) == (1, True, "2")
    assert (ticket["e_ticket_no"], ticket["ticket_no"]) == ("e3393939", "e3393939")
    assert not {"failed_code", "order_attr"} & set(written)
    assert list(ticket) == [
        "e_ticket_no", "ticket_desc", "ticket_id", "ticket_no", "ticket_price", "ticket_pwd", "ticket_seat_no",
        "ticket_status", "ticket_sub_type", "ticket_title", "ticket_type", "expire_time",
    ]  # fmt: skip
