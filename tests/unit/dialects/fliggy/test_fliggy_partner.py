"""The platform's own side: signatures by the vectors, every field, all tickets or none, one success for ever."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dialects.contract import Call, Heard, InboundRequest
from dialects.fliggy.outbound import FliggyOutbound
from dialects.fliggy.partner import FliggyPartner, signature
from tests.unit.dialects.fliggy.calls import (
    ARRIVED,
    COMMON,
    CREDENTIALS,
    FORM,
    ORDER,
    SAMPLES,
    SECRET,
    atlas_order,
    callback,
    changed,
    parameters,
    request,
    signed,
)

PARTNER = FliggyPartner()
PUBLISHED = {
    "method": "taobao.item.seller.get",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}
GOOD = {
    **{name: value for name, value in ORDER.items() if name != "failed_code"},
    "order_attr": "{}",
    "ticket_count": 1,
    "passenger_list": [
        {
            **ORDER["passenger_list"][0],
            "ticket_list": [
                {**ORDER["passenger_list"][0]["ticket_list"][0], "ticket_status": "2", "ext_attr": '{"a": 1}'}
            ],
        }
    ],
}
"""Example 07 without its contradictions (inconsistencies 4, 5 and 7)."""


def hear(asked: InboundRequest, *held: Heard) -> Heard:
    remembered = {name: text for heard in held for name, text in heard.remember.items()}
    return PARTNER.hear(asked, credentials=CREDENTIALS, held=remembered)


def told(order: object = GOOD, *held: Heard, **changes: str) -> Heard:
    return hear(request(signed(parameters(order, **changes))), *held)


def error(heard: Heard) -> int:
    assert (heard.accepted, heard.reply.status, heard.remember) == (False, 200, {})
    code: int = json.loads(heard.reply.body)["error_response"]["code"]
    return code


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        ("md5", "66987CB115214E59E6EC978214934FB8"),
        ("hmac", "D56D7858309C31B6251083A874D48273"),
        ("hmac-sha256", "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
    ],
)
def test_signatures_are_those_of_the_published_vectors(method: str, digest: str) -> None:
    assert signature(PUBLISHED | {"sign_method": method, "sign": "x", "empty": ""}, secret=SECRET) == digest


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        ("md5", "0C17F1A84A354845760F63C918434593"),
        ("hmac", "415607DF9030D1DF1975D931D59FC4FE"),
        ("hmac-sha256", "2B52A757291284A703799BC91C8688AFD892F927AB0445A2EDAD542ABF27711C"),
    ],
)
def test_the_documents_example_is_taken_with_each_signature_and_its_contradictions_remarked(
    method: str, digest: str
) -> None:
    heard = hear(request({**parameters(sign_method=method), "sign": digest}))
    assert (heard.accepted, heard.verdict, heard.order) == (True, "accepted", "3892200000033")
    assert heard.remarks == (
        "success with a failed_code",
        "ticket_status contradicts success",
        "ticket_count is not 1, the number of tickets",
        "order_attr holds no JSON object",
        "ext_attr holds no JSON object",
    )


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_what_our_writer_makes_of_another_partys_sample_is_taken_without_remark(method: str) -> None:
    now = datetime.now(UTC)
    call = FliggyOutbound().write(callback(atlas_order(), credentials=CREDENTIALS | {"sign_method": method}, now=now))
    assert isinstance(call, Call)
    heard = hear(request(call.body, headers=call.headers, received_at=now))
    assert (heard.verdict, heard.remarks) == ("accepted", ())


def test_a_good_call_is_taken_without_remark_and_answered_in_the_format_asked() -> None:
    assert told().remarks == ()
    assert json.loads(told().reply.body)["alitrip_ship_order_notify_response"]["ret_success"] is True
    xml = ET.fromstring(told(format="xml").reply.body)  # noqa: S314 - our own
    assert (xml.tag, xml.findtext("ret_success")) == ("alitrip_ship_order_notify_response", "true")
    assert ET.fromstring(told(format="").reply.body).tag == xml.tag  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("name", "code"),
    [("method", 21), ("session", 26), ("app_key", 28), ("timestamp", 30), ("v", 32), ("sign_method", 40), ("sign", 24)],
)
def test_each_common_parameter_is_required_and_missed_by_its_own_code(name: str, code: int) -> None:
    given = {key: value for key, value in signed(parameters(GOOD)).items() if key != name}
    assert error(hear(request(given))) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "taobao.item.seller.get"}, 22),
        ({"app_key": "87654321"}, 29),
        ({"session": "other"}, 27),
        ({"v": "1.0"}, 34),
        ({"timestamp": "2016-01-01 11:49:59"}, 31),
        ({"timestamp": "2016-01-01 12:10:01"}, 31),
        ({"timestamp": "2016-1-1 12:00:00"}, 31),
        ({"timestamp": "2016-01-01T12:00:00"}, 31),
        ({"confirm_book_r_q": ""}, 40),
        ({"confirm_book_r_q": "[]"}, 41),
        ({"confirm_book_r_q": '{"success": true, "success": false}'}, 41),
        ({"extra": "1"}, 43),
    ],
)
def test_each_wrong_parameter_is_named_by_its_own_code(change: dict[str, str], code: int) -> None:
    assert error(hear(request(signed(parameters(GOOD) | change)))) == code


def test_a_format_nobody_knows_is_refused_in_xml() -> None:
    assert b"<error_response><code>23</code>" in told(format="yaml").reply.body


def test_the_window_is_ten_minutes_to_the_second() -> None:
    for text in ("2016-01-01 11:50:00", "2016-01-01 12:10:00"):
        assert told(timestamp=text).accepted


@pytest.mark.parametrize("change", [{"sign": "0" * 32}, {"sign": signed(parameters(GOOD))["sign"].lower()}])
def test_only_the_very_signature_will_do(change: dict[str, str]) -> None:
    assert error(hear(request(signed(parameters(GOOD)) | change))) == 25


def test_a_method_of_signing_that_is_not_known_is_an_invalid_argument() -> None:
    assert error(hear(request(parameters(GOOD) | {"sign_method": "sha1", "sign": "x"}))) == 41


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(COMMON).encode(), "application/json"),
        (b"method=x&method=y", FORM),
        (b"method", FORM),
        (b"method=%ff", FORM),
        (b"method=x", "application/x-www-form-urlencoded; charset=gbk"),
    ],
)
def test_only_a_form_in_utf_8_with_each_parameter_once_is_read(body: bytes, content_type: str) -> None:
    heard = hear(request(body, headers={"content-type": content_type}))
    assert b"<code>43</code>" in heard.reply.body


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("agent_order_id", ..., 40),
        ("alitrip_order_id", ..., 40),
        ("success", ..., 40),
        ("passenger_list.0.ticket_list.0.ticket_id", ..., 40),
        ("passenger_list.0.ticket_list.0.ticket_price", ..., 40),
        ("passenger_list.0.ticket_list.0.ticket_type", ..., 40),
        ("alitrip_order_id", 3892200000033, 41),
        ("main_biz_order_id", "3892200000033", 41),
        ("success", "true", 41),
        ("ticket_count", 1.0, 41),
        ("order_attr", {"a": 1}, 41),
        ("passenger_list.0.passenger_name", None, 41),
        ("passenger_list.0.ticket_list.0.ticket_price", "100", 41),
        ("passenger_list.0.ticket_list.0.ticket_price", -1, 41),
        ("passenger_list.0.ticket_list.0.ticket_type", "5", 41),
        ("passenger_list.0.ticket_list.0.ticket_status", "7", 41),
        ("passenger_list.0.ticket_list.0.ticket_sub_type", "13", 41),
        ("passenger_list.0.ticket_list.0.expire_time", "2019-12-20", 41),
        ("passenger_list.0.ticket_list.0.expire_time", "2019-02-30 00:00:00", 41),
        ("passenger_list.0.ticket_list", {}, 41),
        ("passenger_list.0.ticketList", [], 41),
        ("ticket_list", [], 41),
    ],
)
def test_each_departure_from_the_field_table_is_refused(path: str, value: Any, code: int) -> None:
    heard = told(changed(GOOD, path, value))
    assert error(heard) == code
    assert path.rsplit(".", 1)[-1] in heard.verdict


def test_all_tickets_of_a_call_are_taken_or_none() -> None:
    ticket = GOOD["passenger_list"][0]["ticket_list"][0]
    half = changed(GOOD, "passenger_list.0.ticket_list", [ticket, ticket | {"ticket_id": "2", "ticket_price": None}])
    refused = told(half)
    assert error(refused) == 41
    twice = changed(GOOD, "passenger_list.0.ticket_list", [ticket, ticket])
    assert error(told(twice, refused)) == 41
    assert told(GOOD, refused).verdict == "accepted"


def test_after_a_failed_call_a_later_one_can_succeed_and_after_a_success_nothing_changes() -> None:
    failed = told(changed(GOOD, "success"))
    first = told(GOOD, failed)
    assert first.accepted
    same = told(GOOD, first)
    assert (same.verdict, same.reply) == ("answered with the first result", first.reply)
    for body in (
        changed(GOOD, "total_price", 1),
        changed(GOOD, "success", False),
        {"alitrip_order_id": "3892200000033"},
    ):
        later = told(body, first, same)
        assert later.verdict == "answered with the first result; another content, nothing updated"
        assert (later.reply, later.remember) == (first.reply, {})
    other = told(changed(GOOD, "alitrip_order_id", "4"), first)
    assert (other.verdict, other.order) == ("accepted", "4")


def test_a_repeat_must_be_proven_too() -> None:
    given = signed(parameters(GOOD)) | {"sign": "0" * 32}
    assert error(hear(request(given), told(GOOD))) == 25
    late = request(signed(parameters(GOOD)), received_at=ARRIVED + timedelta(minutes=11))
    assert error(hear(late, told(GOOD))) == 31


@pytest.mark.parametrize(
    ("order", "remark"),
    [
        (changed(GOOD, "passenger_list", []), "success without a ticket for every passenger"),
        (changed(GOOD, "passenger_list.0.ticket_list", []), "success without a ticket for every passenger"),
        ({"alitrip_order_id": "1", "agent_order_id": "2", "success": False}, "no failed_code, though success is false"),
    ],
)
def test_what_a_strict_writer_avoids_is_remarked(order: dict[str, Any], remark: str) -> None:
    assert remark in told(order).remarks


@pytest.mark.parametrize(
    ("format_", "file"), [("json", "08-fliggy-response-derived.json"), ("xml", "08-fliggy-response.xml")]
)
def test_it_refuses_as_example_08_does(format_: str, file: str) -> None:
    body = PARTNER.refuse(request(signed(parameters(GOOD, format=format_)))).body
    expected = (SAMPLES / "fliggy" / file).read_bytes()
    if format_ == "json":
        assert json.loads(body) == json.loads(expected)
    else:
        assert body == b"".join(line.strip() for line in expected.splitlines())
