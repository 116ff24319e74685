"""The answers: in the form that is asked for, by the platform's list of errors, the same for every repeat."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from dialects.contract import Accepted, Answer, Declined, InboundRequest, Reply, Understood
from dialects.fliggy.judge import judge
from dialects.fliggy.platform_errors import PlatformError
from dialects.fliggy.reply import reply
from tests.unit.dialects.fliggy.calls import SAMPLES, parameters, request

AS_XML, AS_JSON = request(parameters(format="xml")), request(parameters(format="json"))


def error(answer: Reply) -> dict[str, str | int]:
    found: dict[str, str | int] = json.loads(answer.body)["error_response"]
    return found


class TestSuccess:
    def test_as_xml(self) -> None:
        answer = reply(Accepted(), AS_XML)
        assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
        assert answer.body == (
            b'<?xml version="1.0" encoding="utf-8"?><alitrip_ship_order_notify_response><ret_code>0</ret_code>'
            b"<ret_msg>success</ret_msg><ret_success>true</ret_success></alitrip_ship_order_notify_response>"
        )

    def test_as_json(self) -> None:
        answer = reply(Accepted(), AS_JSON)
        assert (answer.status, answer.content_type) == (200, "application/json")
        fields = {"ret_code": "0", "ret_msg": "success", "ret_success": True}
        assert json.loads(answer.body) == {"alitrip_ship_order_notify_response": fields}
        assert json.loads(reply(Accepted(), request(parameters(simplify="true"))).body) == fields

    @pytest.mark.parametrize("asked", [AS_XML, AS_JSON, request(parameters(simplify="true")), None])
    def test_is_understood_by_our_own_judge_and_the_same_again(self, asked: InboundRequest | None) -> None:
        answer = reply(Accepted(), asked)
        assert judge(_answer(answer)) == Understood()
        assert reply(Accepted(), asked) == answer

    def test_has_the_fields_of_the_samples_in_their_order(self) -> None:
        sample = (SAMPLES / "fliggy" / "08-fliggy-response.xml").read_text()
        names = re.findall(r"<(\w+)>", sample)
        assert re.findall(r"<(\w+)>", reply(Accepted(), AS_XML).body.decode()) == names


class TestErrors:
    def test_have_the_fields_of_the_samples_in_their_order(self) -> None:
        answer = reply(Declined(400, PlatformError.INVALID_ARGUMENT.text("x")), AS_XML)
        sample = (SAMPLES / "fliggy" / "09-fliggy-error-response.xml").read_text()
        assert re.findall(r"<(\w+)>", answer.body.decode()) == re.findall(r"<(\w+)>", sample)

    @pytest.mark.parametrize("platform", PlatformError)
    def test_are_found_again_by_the_platforms_message(self, platform: PlatformError) -> None:
        answer = error(reply(Declined(400, platform.text("a: b")), AS_JSON))
        assert answer == {
            "code": platform.code, "msg": platform.message, "sub_code": platform.sub_code, "sub_msg": "a: b",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("status", "on_the_wire", "code", "side"),
        [
            (400, 200, 41, "isv."), (401, 200, 25, "isv."), (404, 404, 22, "isv."), (405, 405, 9, "isv."),
            (408, 408, 10, "isp."), (413, 413, 43, "isv."), (415, 415, 43, "isv."), (429, 429, 8, "isp."),
            (500, 500, 10, "isp."), (503, 503, 10, "isp."), (418, 418, 10, "isp."),
        ],
    )  # fmt: skip
    def test_have_a_code_for_every_status(self, status: int, on_the_wire: int, code: int, side: str) -> None:
        answer = reply(Declined(status, "the text", 3 if status in {429, 503} else None), AS_JSON)
        assert answer.status == on_the_wire
        assert error(answer)["code"] == code
        assert error(answer)["sub_msg"] == "the text"
        assert str(error(answer)["sub_code"]).startswith(side)
        assert dict(answer.headers) == ({"retry-after": "3"} if status in {429, 503} else {})

    @pytest.mark.parametrize(
        "asked", [None, request(b"{"), request(b"\xff"), request({"format": "yaml"}), request(b"")]
    )
    def test_are_xml_when_nothing_else_is_asked_for(self, asked: InboundRequest | None) -> None:
        assert reply(Declined(400, "x"), asked).content_type == "text/xml; charset=utf-8"

    def test_are_well_formed_whatever_they_repeat(self) -> None:
        text = "Invalid Method: <a>&\0\x1b\ud800\ufffe🎫]]>"
        found = ET.fromstring(reply(Declined(400, text), AS_XML).body)  # noqa: S314 - our own
        assert found.findtext("sub_msg") == "<a>&????🎫]]>"
        assert str(error(reply(Declined(400, text), AS_JSON))["sub_msg"]).endswith("🎫]]>")


def _answer(answer: Reply) -> Answer:
    return Answer(answer.status, answer.headers, answer.body)
