"""The reader takes all that the digest's third column lists, keeps what it does not know, and names what is wrong."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from dialects.contract import InboundRequest, Malformed, Peeked, ReadEvent, UnknownPath, Unreadable, UnsupportedMedia
from dialects.fliggy.peek import peek
from dialects.fliggy.read import read
from schemas.events import OrderRejected, OrderTicketed
from schemas.topics import EventType
from tests.unit.dialects.fliggy.calls import COMMON, ORDER, changed, compact, parameters, request, stored

TICKET = "passenger_list.0.ticket_list.0"


def read_call(asked: InboundRequest) -> ReadEvent:
    peek(asked)
    return read(stored(asked))


def ticketed(order: object) -> OrderTicketed:
    content = read_call(request(parameters(order))).content
    assert isinstance(content, OrderTicketed)
    return content


def rejected(order: object) -> OrderRejected:
    content = read_call(request(parameters(order))).content
    assert isinstance(content, OrderRejected)
    return content


def refused(asked: InboundRequest) -> tuple[str, str]:
    """The text for the caller and the reason for parking: both come of the same check."""
    with pytest.raises(Malformed) as now:
        peek(asked)
    with pytest.raises(Unreadable) as later:
        read(stored(asked))
    assert str(now.value) == str(later.value)
    return str(now.value), later.value.reason


class TestTheSample:
    def test_is_a_final_success_though_it_says_in_progress_and_has_a_failed_code(self) -> None:
        order = ticketed(ORDER)
        assert (order.type, order.order_no, order.order_status, order.final) == (
            EventType.TICKETED, "3892200000033", 2, True,
        )  # fmt: skip
        (passenger,) = order.passengers
        assert (passenger.name, passenger.document_number, passenger.document_type, passenger.kind) == (
            "罗大佑", "212100198902171763", "1", "",
        )  # fmt: skip
        assert passenger.ticket_numbers == ("e3393939",)
        assert passenger.extra == {"passenger_id": "30303029", "ticket_list": ORDER["passenger_list"][0]["ticket_list"]}
        kept = {key: value for key, value in order.extra.items() if key != "reader_warnings"}
        known = {"alitrip_order_id", "success", "passenger_list"}
        assert kept == {key: value for key, value in ORDER.items() if key not in known}

    def test_warns_of_its_count_and_total(self) -> None:
        assert ticketed(ORDER).extra["reader_warnings"] == [
            "ticket_count is not the number of tickets",
            "total_price is not the sum of the ticket prices",
        ]
        agreeing = changed(changed(ORDER, "ticket_count", "1"), "total_price", "100.00")
        assert "reader_warnings" not in ticketed(agreeing).extra

    def test_as_a_failure_is_a_rejection_with_its_code(self) -> None:
        order = rejected(changed(ORDER, "success", False))
        assert (order.order_no, order.code, order.reason) == ("3892200000033", "参考错误码文档", "短信内容")
        assert order.extra["passenger_list"] == ORDER["passenger_list"]
        assert peek(request(parameters(changed(ORDER, "success", False)))) == Peeked("order.rejected", "3892200000033")
        assert rejected({"agent_order_id": 1, "alitrip_order_id": 2, "success": "False"}).code == ""


class TestHowACallCanCome:
    def test_as_a_form_in_the_body_the_query_or_both(self) -> None:
        order = {"confirm_book_r_q": compact(ORDER)}
        whole = read_call(request(parameters()))
        assert read_call(request(order, query=urlencode(COMMON), path="")) == whole
        assert read_call(request(b"", query=urlencode(COMMON | order), headers={})) == whole

    @pytest.mark.parametrize("content_type", ["application/json", "text/json; charset=utf-8", "", "application/x+json"])
    @pytest.mark.parametrize("as_text", [True, False])
    def test_as_json_with_the_order_as_text_or_object(self, content_type: str, as_text: bool) -> None:
        body = json.dumps({**COMMON, "confirm_book_r_q": json.dumps(ORDER) if as_text else ORDER}).encode()
        asked = request(b"\xef\xbb\xbf\n" + body, headers={"content-type": content_type})
        assert read_call(asked) == read_call(request(parameters()))

    def test_at_two_paths(self) -> None:
        for path in ("", "/", "/router/rest", "/router/rest/"):
            assert peek(request(parameters(), path=path)).order_no == "3892200000033"
        with pytest.raises(UnknownPath):
            peek(request(parameters(), path="/router"))

    @pytest.mark.parametrize("content_type", ["text/xml", "multipart/form-data; boundary=x", "text/plain"])
    def test_in_no_other_type(self, content_type: str) -> None:
        with pytest.raises(UnsupportedMedia, match=r"Parameter Error: content type"):
            peek(request(parameters(), headers={"content-type": content_type}))

    @pytest.mark.parametrize(
        ("changes", "text", "reason"),
        [
            ({"method": ""}, "Missing Method: ", "method-wrong"),
            ({"method": "taobao.item.get"}, "Invalid Method: method is 'taobao.item.get'", "method-wrong"),
            ({"v": "1.0"}, "Unsupported Version: v", "argument-invalid"),
            ({"format": "yaml"}, "Invalid Format: format", "argument-invalid"),
            ({"confirm_book_r_q": ""}, "Missing Required Arguments: confirm_book_r_q is missing", "argument-missing"),
            ({"confirm_book_r_q": "[1]"}, "Invalid Arguments: confirm_book_r_q is not a JSON object", "not-json"),
            ({"confirm_book_r_q": "json属性"}, "Invalid Arguments: confirm_book_r_q is not JSON", "not-json"),
            ({"confirm_book_r_q": '{"a": NaN}'}, "Invalid Arguments: confirm_book_r_q is not JSON", "not-json"),
        ],
    )
    def test_but_not_with_wrong_parameters(self, changes: dict[str, str], text: str, reason: str) -> None:
        found, why = refused(request({**parameters(), **changes}))
        assert found.startswith(text)
        assert why == reason

    def test_the_samples_java_is_no_call(self) -> None:
        java = b"TaobaoClient client = new DefaultTaobaoClient(url, appkey, secret);"
        assert refused(request(java)) == ("Missing Method: method is missing", "method-wrong")


class TestTickets:
    def test_beside_the_passengers_are_the_only_passengers(self) -> None:
        tickets = [{"ticket_id": 1, "ticket_price": "5", "ticket_type": 4, "ticket_no": 77}]
        beside = {**changed(ORDER, "passenger_list.0.ticket_list"), "ticket_list": tickets}
        order = ticketed(beside)
        assert order.passengers[0].ticket_numbers == ("77",)
        assert order.extra["ticket_list"] == tickets
        two = {**beside, "passenger_list": [{"passenger_name": "A"}, {"passenger_name": "B"}]}
        assert [passenger.ticket_numbers for passenger in ticketed(two).passengers] == [(), ()]
        assert ticketed(two).extra["ticket_list"] == tickets

    def test_without_passengers_the_result_is_the_orders_alone(self) -> None:
        nobodies: list[Any] = [..., None, []]
        for nobody in nobodies:
            order = ticketed(changed(ORDER, "passenger_list", nobody))
            assert order.passengers == ()
            assert order.order_status == 2

    def test_several_have_one_number_each_the_electronic_one_first(self) -> None:
        needed = {"ticket_id": "1", "ticket_price": 1, "ticket_type": "4"}
        tickets = [{**needed, "ticket_no": "T1"}, {**needed, "e_ticket_no": "E2", "ticket_no": "T2"}, needed,
                   {**needed, "e_ticket_no": "", "ticket_no": 3}]  # fmt: skip
        passenger = ticketed(changed(ORDER, "passenger_list.0.ticket_list", tickets)).passengers[0]
        assert passenger.ticket_numbers == ("T1", "E2", "3")
        assert passenger.extra["ticket_list"] == tickets

    def test_attributes_are_parsed_where_they_are_json_objects(self) -> None:
        order = changed(changed(ORDER, "order_attr", '{"a": 12345678901234567890}'), f"{TICKET}.ext_attr", '{"b":[]}')
        content = ticketed(order)
        assert content.extra["order_attr"] == {"a": 12345678901234567890}
        tickets: Any = content.passengers[0].extra["ticket_list"]
        assert tickets[0]["ext_attr"] == {"b": []}
        for text in ("json属性", "[1]", "5", '{"a": "\\u0000"}', '{"a":' * 200 + "1" + "}" * 200):
            assert ticketed(changed(ORDER, "order_attr", text)).extra["order_attr"] == text
        assert ticketed(changed(ORDER, "order_attr", {"a": 1})).extra["order_attr"] == {"a": 1}

    def test_unknown_codes_numbers_for_texts_and_unknown_fields_are_kept(self) -> None:
        order = changed(changed(ORDER, f"{TICKET}.ticket_type", 9), f"{TICKET}.new", {"deep": [1]})
        order = changed(changed(order, "passenger_list.0.passenger_cert_no", 12), "unknown", [None, 1])
        content = ticketed(order)
        tickets: Any = content.passengers[0].extra["ticket_list"]
        assert (tickets[0]["ticket_type"], tickets[0]["new"]) == (9, {"deep": [1]})
        assert content.passengers[0].document_number == "12"
        assert content.extra["unknown"] == [None, 1]


class TestIdentity:
    def test_a_repeat_is_the_same_event_whatever_its_transport_key_order_and_nulls(self) -> None:
        again = {"unknown": None, **dict(reversed(ORDER.items())), "success": "true", "alitrip_order_id": 3892200000033}
        later = parameters(again, timestamp="2017-01-01 12:00:00", sign_method="hmac", sign="X", session="other")
        assert read_call(request(later)) == read_call(request(parameters()))

    def test_another_body_is_another_event(self) -> None:
        digests = {read_call(request(parameters(changed(ORDER, "message", f"m{n}")))).digest for n in range(3)}
        digests.add(read_call(request(parameters(changed(ORDER, "success", False)))).digest)
        assert len(digests) == 4

    def test_order_numbers_are_read_without_floating_point(self) -> None:
        long = 38922000000330000000000001
        assert ticketed(changed(ORDER, "alitrip_order_id", long)).order_no == str(long)
        assert ticketed(changed(ORDER, "main_biz_order_id", long)).extra["main_biz_order_id"] == long
        text, _ = refused(request(parameters(changed(ORDER, "alitrip_order_id", 1.5))))
        assert "confirm_book_r_q.alitrip_order_id is neither text nor whole number" in text


@pytest.mark.parametrize(
    "path",
    ["agent_order_id", "alitrip_order_id", "success", *(f"{TICKET}.ticket_{name}" for name in ("id", "price", "type"))],
)
@pytest.mark.parametrize("value", [..., None, "", "  "])
def test_a_required_field_is_named_when_it_is_missing(path: str, value: object) -> None:
    text, reason = refused(request(parameters(changed(ORDER, path, value))))
    place = path.replace(".0", "[0]")
    assert text == f"Missing Required Arguments: confirm_book_r_q.{place} is missing or empty"
    assert reason == "argument-missing"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("success", "yes"), ("success", 1), ("agent_order_id", True), ("alitrip_order_id", {}),
        ("alitrip_order_id", "x" * 257), ("alitrip_order_id", "a\nb"), ("agent_order_id", ["1"]),
        ("main_biz_order_id", 1.0), ("main_biz_order_id", "1e5"), ("ticket_count", "three"), ("total_price", "1,5"),
        ("total_price", False), ("message", []), ("order_attr", [1]), ("order_attr", True), ("passenger_list", {}),
        ("passenger_list", "x"), ("passenger_list", [None]), ("passenger_list.0.passenger_name", {}),
        ("passenger_list.0.ticket_list", 5), ("ticket_list", [5]), (f"{TICKET}.ticket_price", "x"),
        (f"{TICKET}.ticket_pwd", {"pwd": "geheim"}), (f"{TICKET}.ext_attr", ["geheim"]),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(path: str, value: object) -> None:
    text, reason = refused(request(parameters(changed(ORDER, path, value))))
    assert text.startswith(f"Invalid Arguments: confirm_book_r_q.{path.replace('.0', '[0]')} ")
    assert reason == "argument-invalid"
    assert "geheim" not in text
    assert "x" * 257 not in text


@pytest.mark.parametrize("text", ['"\\u0000"', '"\\ud800"', '{"\\udfff": 1}'])
def test_what_the_database_cannot_keep_is_refused_at_the_door(text: str) -> None:
    order = compact(ORDER)[:-1] + f',"unknown":{text}}}'
    assert refused(request(parameters(order)))[1] == "text-not-storable"
    body = json.dumps(COMMON)[:-1] + f',"confirm_book_r_q":{order}}}'
    assert refused(request(body.encode()))[1] == "text-not-storable"
    assert refused(request(json.dumps(parameters('{"a":"\ud800"}')).encode()))[1] == "text-not-storable"


@pytest.mark.parametrize("depth", [62, 63, 64, 200, 400, 700, 950, 5000])
def test_what_is_nested_too_deep_is_refused_at_the_door(depth: int) -> None:
    nested = compact(ORDER)[:-1] + ',"unknown":' + "[" * depth + "]" * depth + "}"
    asked = request(parameters(nested))
    if depth <= 63:
        assert read_call(asked).digest
    else:
        assert refused(asked)[1] in {"content-unreadable", "not-json"}
