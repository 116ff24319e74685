"""The verdict: a yes only by `ret_success`, for good only by the digest's lists."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.contract import Answer, Refused, RefusedForGood, Understood, Verdict
from dialects.fliggy.judge import judge
from tests.unit.dialects.fliggy.calls import SAMPLES

ROOT = "alitrip_ship_order_notify_response"


def judged(body: object, status: int = 200) -> Verdict:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return judge(Answer(status, {}, content))


def error(code: Any, sub_code: str = "") -> list[Verdict]:
    """The same error in every form."""
    fields = {"code": code, "msg": "m", "sub_code": sub_code, "sub_msg": "s"}
    inner = f"<code>{code}</code><msg>m</msg><sub_code>{sub_code}</sub_code>"
    return [
        judged({"error_response": fields}),
        judged(fields),
        judged(f'<?xml version="1.0" encoding="utf-8" ?>\n<error_response>\n {inner}</error_response>'),
        judged(inner),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {ROOT: {"ret_code": "demo", "ret_msg": "demo", "ret_success": True}},
        {"ret_success": True}, {"ret_success": "true", "code": 0}, {ROOT: {"ret_success": " true ", "request_id": "x"}},
        f"<{ROOT}><ret_code>1092</ret_code><ret_msg>成功</ret_msg><ret_success>true</ret_success></{ROOT}>",
        f'\ufeff<?xml version="1.0" encoding="utf-8" ?>\n<{ROOT}>\n  <ret_success>\n true </ret_success></{ROOT}>',
        "<ret_code>0</ret_code><ret_success>true</ret_success>",
        f'<{ROOT} request_id="a"><ret_success><![CDATA[true]]></ret_success></{ROOT}>',
        b"\xef\xbb\xbf" + b'{"ret_success": true}',
    ],
)  # fmt: skip
def test_yes(body: object) -> None:
    assert judged(body) == Understood()


@pytest.mark.parametrize("value", [False, "false", "True!", "", None, 1, "1", [True], {"a": True}, "yes"])
def test_anything_but_true_is_no_yet(value: object) -> None:
    verdict = judged({ROOT: {"ret_success": value, "ret_code": 7}})
    assert verdict == Refused("ret-success-not-true: ret_code 7")


def test_the_samples() -> None:
    for name in ("08-fliggy-response.xml", "08-fliggy-response-derived.json"):
        assert judged((SAMPLES / "fliggy" / name).read_bytes()) == Refused("ret-success-not-true: ret_code demo")
    for name in ("09-fliggy-error-response.xml", "09-fliggy-error-response-derived.json"):
        assert judged((SAMPLES / "fliggy" / name).read_bytes()) == RefusedForGood(
            "error-response: code 50, sub_code isv.invalid-parameter"
        )


@pytest.mark.parametrize("code", [7, 8, 10])
@pytest.mark.parametrize("sub_code", ["", "isv.something", "isp.top-remote-unknown-error"])
def test_limits_and_an_absent_service_pass(code: int, sub_code: str) -> None:
    assert {type(verdict) for verdict in error(code, sub_code)} == {Refused}


@pytest.mark.parametrize("code", [*range(21, 35), *range(40, 44)])
def test_a_wrong_request_stays_wrong(code: int) -> None:
    assert {type(verdict) for verdict in error(code)} == {RefusedForGood}
    assert {type(verdict) for verdict in error(str(code), "other")} == {RefusedForGood}
    assert {type(verdict) for verdict in error(code, "isp.x")} == {Refused}


@pytest.mark.parametrize("code", [9, 11, 12, 15, 50, 0, 99, -25, 251, "x", "25x", "９" * 3, 10**30])
def test_codes_without_a_recommendation_go_by_the_detailed_code(code: object) -> None:
    assert {type(verdict) for verdict in error(code)} == {Refused}
    assert {type(verdict) for verdict in error(code, "ISP.unknown")} == {Refused}
    assert {type(verdict) for verdict in error(code, "isv.invalid-parameter")} == {RefusedForGood}


def test_an_error_beside_a_yes_is_no_yes() -> None:
    assert isinstance(judged({ROOT: {"ret_success": True}, "error_response": {"code": 15}}), Refused)
    assert isinstance(judged({ROOT: {"ret_success": True}, "error_response": None}), Refused)


@pytest.mark.parametrize("status", [199, 201, 204, 302, 400, 429, 500, 503])
def test_another_status_is_no_yes(status: int) -> None:
    assert judged({"ret_success": True}, status) == Refused(f"http-{status}")


BOMB = '<!DOCTYPE a [<!ENTITY x "true"><!ENTITY y "&x;&x;">]>'


@pytest.mark.parametrize(
    "body",
    [
        "", "ok", "true", "[]", "{", "{}", b"\xff\xfe", "<", "<html><body>busy</body></html>", "<a></b>", "<a/><",
        "</a>", "</answer><answer><ret_success>true</ret_success>", "<ret_success>&x;</ret_success>", "<a>\0</a>",
        BOMB + f"<{ROOT}><ret_success>&x;</ret_success></{ROOT}>",
        '<?xml version="1.0"?>' + BOMB + "<ret_success>&x;</ret_success>",
        "<a>" * 5000 + "</a>" * 5000, "[" * 5000, f"<{ROOT}>true</{ROOT}>", {ROOT: []}, {ROOT: "true"},
        "<ret_success>true</ret_success><ret_success>true</ret_success>", b"<a>\xd5\xfd</a>",
        "<a/>" * 15_000,
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_tried_again(body: object) -> None:
    assert isinstance(judged(body), Refused)


def test_reasons_do_not_repeat_the_platforms_texts() -> None:
    echo = "passport 212100198902171763"
    for body in (
        {"error_response": {"code": 41, "msg": echo, "sub_msg": echo, "sub_code": "isv.x"}},
        {ROOT: {"ret_success": False, "ret_msg": echo}}, f"<a>{echo}", echo, f"{{{echo}",
    ):  # fmt: skip
        verdict = judged(body)
        assert isinstance(verdict, Refused | RefusedForGood)
        assert "2121" not in verdict.reason


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="<>/?!&;a=\"' \n{}", max_size=40).map(str.encode))
def test_no_rubbish_is_a_yes(rubbish: bytes) -> None:
    assert isinstance(judged(rubbish), Refused)


def test_depth_is_bounded_as_it_is_read() -> None:
    assert judged("<a>" * 5000) == Refused("answer-unreadable: the body is nested deeper than 32 levels")
    assert judged("<a>" * 20 + "</a>" * 20) == Refused("answer-without-ret-success")
