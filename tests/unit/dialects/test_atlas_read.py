"""The reader takes all that the digests recommend, keeps what it does not know, and parks the rest by reason."""

import copy
import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.atlas.read import REASONS, read
from dialects.contract import ReadEvent, Unreadable
from schemas.events import EVENT_CONTENT, OrderTicketed, OrderVoid
from tests.unit.dialects.requests import sample, stored

FULL: dict[str, Any] = json.loads(sample("atlas/04-atlas-order-ticketed-full.json"))
VOID: dict[str, Any] = json.loads(sample("atlas/05-atlas-order-void-typical.json"))
TYPICAL: dict[str, Any] = json.loads(sample("atlas/01-atlas-order-ticketed-typical.json"))


def read_document(document: object) -> ReadEvent:
    return read(stored(json.dumps(document).encode()))


def ticketed(document: object) -> OrderTicketed:
    content = read_document(document).content
    assert isinstance(content, OrderTicketed)
    return content


def void(document: object) -> OrderVoid:
    content = read_document(document).content
    assert isinstance(content, OrderVoid)
    return content


def changed(document: dict[str, Any], path: str, value: Any = ...) -> dict[str, Any]:
    """A copy with one field set, or removed."""
    whole = copy.deepcopy(document)
    *parents, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place: Any = whole
    for step in parents:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return whole


def reason(document: object) -> str:
    with pytest.raises(Unreadable) as refusal:
        read_document(document)
    return refusal.value.reason


class TestTicketed:
    def test_the_full_sample(self) -> None:
        order = ticketed(FULL)
        assert (order.order_no, order.customer, order.order_status) == ("TESTL20230922153224323", "XXXXXXX", 2)
        assert [(p.name, p.kind) for p in order.passengers] == [
            ("zhang/lisi", "child"), ("li/si", "adult"), ("zhang/san", "adult"),
        ]  # fmt: skip
        child = order.passengers[0]
        assert child.ticket_numbers == child.pnrs == ("S30814",)
        assert (child.document_number, child.document_type, child.document_issued_by) == ("123458", "PP", "CN")
        assert (child.document_expires, child.birthday, child.gender) == ("20400101", "20160202", "F")
        assert (child.nationality, child.ancillaries, child.extra, order.extra) == ("CN", (), {}, {})

    def test_the_typical_sample_lacks_seven_required_fields(self) -> None:
        (passenger,) = ticketed(TYPICAL).passengers
        assert (passenger.birthday, passenger.document_number, passenger.nationality) == ("", "", "")

    def test_the_data_fragment_in_an_envelope(self) -> None:
        fragment = json.loads(sample("atlas/02-atlas-order-ticketed-data-fragment.json"))
        passenger = json.loads(sample("atlas/03-atlas-order-ticketed-passenger.json"))
        assert fragment["paxTicketInfos"] == [passenger]
        assert ticketed({"type": "order.ticketed", "data": fragment}).passengers[0].document_number == "123458"

    @pytest.mark.parametrize(("code", "kind"), [(0, "adult"), ("1", "child"), (2, "infant"), (7, "7"), ("ADT", "ADT")])
    def test_passenger_types_known_and_unknown(self, code: object, kind: str) -> None:
        assert ticketed(changed(FULL, "data.paxTicketInfos.0.passengerType", code)).passengers[0].kind == kind

    @pytest.mark.parametrize("name", ["ancillaries", "airlinePNRs"])
    @pytest.mark.parametrize("value", [..., None, []])
    def test_optional_lists_may_be_missing_null_or_empty(self, name: str, value: object) -> None:
        passenger = ticketed(changed(FULL, f"data.paxTicketInfos.0.{name}", value)).passengers[0]
        assert (passenger.ancillaries if name == "ancillaries" else passenger.pnrs) == ()

    def test_numbers_stand_for_texts_and_texts_for_numbers(self) -> None:
        order = changed(changed(FULL, "data.orderNo", 20230922153224323001), "data.orderStatus", "2")
        order = changed(order, "data.paxTicketInfos.0.ticketNos", [9991112265894])
        read_order = ticketed(changed(order, "data.paxTicketInfos.0.cardNum", 123458))
        assert (read_order.order_no, read_order.order_status) == ("20230922153224323001", 2)
        assert read_order.passengers[0].ticket_numbers == ("9991112265894",)
        assert read_order.passengers[0].document_number == "123458"

    @pytest.mark.parametrize("status", [0, 1, -3, 99])
    def test_other_statuses_are_read_as_they_are_even_without_passengers(self, status: int) -> None:
        order = changed(changed(FULL, "data.orderStatus", status), "data.paxTicketInfos")
        assert (ticketed(order).order_status, ticketed(order).passengers) == (status, ())

    def test_the_internal_status_is_ignored_whatever_it_is(self) -> None:
        statuses: list[object] = [0, "x", None, {"deep": []}]
        for status in statuses:
            assert read_document(changed(FULL, "status", status)) == read_document(FULL)

    def test_unknown_fields_and_shapes_are_kept(self) -> None:
        order = changed(FULL, "data.paxTicketInfos.0.seat", {"row": 12})
        order = changed(order, "data.paxTicketInfos.0.birthday", {"year": 2016})
        order = changed(order, "data.paxTicketInfos.0.airlinePNRs", ["A", {"code": "B"}])
        order = changed(changed(order, "data.currency", "CNY"), "trace", 1)
        read_order = ticketed(changed(order, "data.paxTicketInfos.0.ancillaries", [{"bag": 23}, "x", None]))
        child = read_order.passengers[0]
        assert read_order.extra == {"currency": "CNY", "envelope": {"trace": 1}}
        assert child.ancillaries == ({"bag": 23}, "x", None)
        assert (child.birthday, child.pnrs) == ("", ("A",))
        assert child.extra == {"seat": {"row": 12}, "birthday": {"year": 2016}, "airlinePNRs": ["A", {"code": "B"}]}


class TestVoid:
    def test_the_typical_sample(self) -> None:
        case = void(VOID)
        assert (case.order_no, case.customer) == ("TESTA20250512100600259", "TAC00001")
        assert (case.void_code, case.void_status, case.message) == ("202505-0012", 2, "废票成功，航司已确认")

    def test_every_sample_message_is_kept_as_it_is(self) -> None:
        for data in json.loads(sample("atlas/06-atlas-order-void-messages.json")):
            case = void({**VOID, "data": {**VOID["data"], **data}})
            assert (case.void_status, case.message) == (data["voidStatus"], data["message"])

    @pytest.mark.parametrize("message", [..., None, ""])
    def test_a_message_may_be_missing_null_or_empty(self, message: object) -> None:
        assert void(changed(VOID, "data.message", message)).message == ""

    def test_codes_and_unknown_statuses_of_any_kind(self) -> None:
        case = void(changed(changed(VOID, "data.voidCode", 12), "data.voidStatus", "42"))
        assert (case.void_code, case.void_status) == ("12", 42)


class TestWhatIsParked:
    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ([], "not-json"),
            (changed(FULL, "type", "order.changed"), "unknown-type"),
            (changed(FULL, "type"), "unknown-type"),
            (changed(FULL, "data", []), "data-missing"),
            (changed(FULL, "data.orderNo", " "), "order-number-missing"),
            (changed(FULL, "data.orderStatus"), "order-status-unreadable"),
            (changed(FULL, "data.orderStatus", True), "order-status-unreadable"),
            (changed(FULL, "data.orderStatus", 2.5), "order-status-unreadable"),
            (changed(FULL, "data.orderStatus", 2**31), "order-status-unreadable"),
            (changed(FULL, "data.paxTicketInfos"), "passengers-missing"),
            (changed(FULL, "data.paxTicketInfos", []), "passengers-missing"),
            (changed(FULL, "data.paxTicketInfos", {}), "passengers-unreadable"),
            (changed(FULL, "data.paxTicketInfos.1", None), "passengers-unreadable"),
            (changed(FULL, "data.paxTicketInfos.1.name"), "passenger-name-missing"),
            (changed(FULL, "data.paxTicketInfos.1.name", " "), "passenger-name-missing"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos"), "ticket-numbers-missing"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos", None), "ticket-numbers-missing"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos", []), "ticket-numbers-missing"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos", ["S1", ""]), "ticket-number-unreadable"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos", ["S1", None]), "ticket-number-unreadable"),
            (changed(FULL, "data.paxTicketInfos.1.ticketNos", "S1"), "ticket-number-unreadable"),
            (changed(VOID, "data.voidCode"), "void-code-missing"),
            (changed(VOID, "data.voidCode", ""), "void-code-missing"),
            (changed(VOID, "data.voidStatus"), "void-status-unreadable"),
            (changed(VOID, "data.voidStatus", "two"), "void-status-unreadable"),
            (changed(VOID, "data.message", "a\0b"), "text-not-storable"),
            (changed(VOID, "x\0", 1), "text-not-storable"),
            (changed(VOID, "data.message", "\ud83d"), "text-not-storable"),
        ],
    )
    def test_by_its_stable_reason(self, document: object, expected: str) -> None:
        assert reason(document) == expected
        assert expected in REASONS

    def test_an_escaped_backslash_or_a_whole_surrogate_pair_is_storable(self) -> None:
        assert void(changed(VOID, "data.message", "\\u0000 \\ud800 😀")).message == "\\u0000 \\ud800 😀"

    def test_nesting_that_cannot_be_kept(self) -> None:
        deep: Any = 0
        for _ in range(400):
            deep = [deep]
        assert reason(changed(FULL, "data.x", deep)) == "content-unreadable"

    def test_refusals_hold_no_personal_data(self) -> None:
        with pytest.raises(Unreadable) as refusal:
            read_document(changed(FULL, "data.paxTicketInfos.1.ticketNos", ["123457", {}]))
        assert not any(secret in str(refusal.value) for secret in ("123457", "li/si", "19920202"))


class TestIdentity:
    def test_key_order_and_white_space_do_not_matter(self) -> None:
        def reversed_keys(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: reversed_keys(value[key]) for key in reversed(value)}
            return [reversed_keys(item) for item in value] if isinstance(value, list) else value

        for document in (FULL, VOID, changed(FULL, "data.big", 10**30)):
            spaced = json.dumps(reversed_keys(document), indent=3, ensure_ascii=False).encode()
            assert read(stored(spaced)).digest == read_document(document).digest

    @pytest.mark.parametrize(
        ("document", "path", "value"),
        [
            (FULL, "cid", "other"), (FULL, "data.orderNo", "other"), (FULL, "data.orderStatus", 1),
            (FULL, "data.paxTicketInfos.2.ticketNos", ["S30815"]), (FULL, "data.unknown", 1),
            (FULL, "data.unknown", 10**30), (FULL, "data.unknown", 10**30 + 1),
            (VOID, "cid", "other"), (VOID, "data.voidCode", "1"), (VOID, "data.voidStatus", 5),
            (VOID, "data.message", "other"), (VOID, "notificationId", "N1"), (FULL, "data.notificationId", "N1"),
        ],
    )  # fmt: skip
    def test_what_the_key_names_makes_another_event(self, document: dict[str, Any], path: str, value: object) -> None:
        assert read_document(changed(document, path, value)).digest != read_document(document).digest

    def test_long_numbers_are_not_rounded_into_one(self) -> None:
        digests = {read_document(changed(FULL, "data.x", 10**30 + number)).digest for number in range(5)}
        assert len(digests) == 5

    def test_a_void_is_the_same_whatever_else_it_says(self) -> None:
        assert read_document(changed(VOID, "data.unknown", 1)).digest == read_document(VOID).digest

    def test_a_notification_id_is_the_key_by_itself(self) -> None:
        first = changed(changed(VOID, "notificationId", "N1"), "data.message", "one")
        second = changed(changed(VOID, "notificationId", "N1"), "data.message", "two")
        assert read_document(first).digest == read_document(second).digest


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    "type", "cid", "status", "data", "data.orderNo", "data.orderStatus", "data.paxTicketInfos", "data.voidCode",
    "data.voidStatus", "data.message", "data.paxTicketInfos.0", *(
        f"data.paxTicketInfos.0.{name}" for name in FULL["data"]["paxTicketInfos"][0]
    ),
]  # fmt: skip
BOTH = {**FULL, "data": {**FULL["data"], **VOID["data"]}}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["order.ticketed", "order.void"]), st.dictionaries(st.sampled_from(PATHS), JSON, max_size=3))
def test_any_value_in_any_field_is_read_or_parked_and_what_is_read_can_be_stored(
    event_type: str, values: dict[str, Any]
) -> None:
    document = {**BOTH, "type": event_type}
    for path in sorted(values, key=len, reverse=True):
        document = changed(document, path, values[path])
    try:
        event = read_document(document)
    except Unreadable as refusal:
        known = refusal.reason in REASONS
    else:
        stored_form = EVENT_CONTENT.dump_json(cast("Any", event.content))
        known = EVENT_CONTENT.validate_json(stored_form) == event.content and b"\\u0000" not in stored_form
    assert known


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_parked(rubbish: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(stored(rubbish))
    assert refusal.value.reason in REASONS
