"""Who may call, and what they are answered."""

import json
from typing import Any

import pytest

from dialects.contract import Accepted, Declined, Malformed, NotAuthentic
from dialects.datacentre.authenticity import token
from dialects.datacentre.inbound import DataCentreInbound
from tests.unit.dialects.datacentre.messages import (
    PASSWORD,
    SAMPLE,
    STRINGS,
    encoded,
    signed,
    verification,
    with_order,
)
from tests.unit.dialects.requests import request, sample

PARTY = DataCentreInbound()


class TestToken:
    def test_the_digests_vector(self) -> None:
        computed = token(
            company_id="LMBJ", client_order_id="1001", create_time="2017-06-30 11:43:00", password="secret"
        )
        assert computed == "1bebfd1ca174acb2ee0bf54069cbffc4"

    @pytest.mark.parametrize("live", [(PASSWORD,), ("other", PASSWORD), (PASSWORD, "other")])
    def test_either_live_password_lets_in(self, live: tuple[str, ...]) -> None:
        proof = PARTY.verify(request(encoded(signed(SAMPLE))), verification(*live))
        assert str(proof) == f"dialect/{live.index(PASSWORD) + 1}"

    def test_letter_case_does_not_matter(self) -> None:
        upper = with_order(token="1BEBFD1CA174ACB2EE0BF54069CBFFC4")
        PARTY.verify(request(encoded(upper)), verification(PASSWORD))

    def test_numbers_are_taken_as_they_stand_in_the_message(self) -> None:
        proof = token(company_id="7", client_order_id="1001.10", create_time="1498822980000", password=PASSWORD)
        body = (
            b'{"ticket_order": {"company_id": 7, "client_order_id": 1001.10, "create_time": 1498822980000, "token": "'
            + proof.encode()
            + b'"}}'
        )
        PARTY.verify(request(body), verification(PASSWORD))

    def test_a_message_without_a_creation_time_is_proven_without_it(self) -> None:
        proof = token(company_id="LMBJ", client_order_id="1001", create_time="", password=PASSWORD)
        PARTY.verify(request(encoded(with_order(create_time=None, token=proof))), verification(PASSWORD))

    @pytest.mark.parametrize(
        "fields",
        [
            {}, {"token": ""}, {"token": None}, {"token": ["x"]}, {"token": "\ud800"}, {"company_id": None},
            {"client_order_id": []}, {"create_time": True}, {"company_id": "\ud800"},
        ],
    )  # fmt: skip
    def test_the_samples_own_token_and_worse_ones_let_nobody_in(self, fields: dict[str, Any]) -> None:
        with pytest.raises(NotAuthentic) as refusal:
            PARTY.verify(request(encoded(with_order(**fields))), verification("another", "password"))
        assert "another" not in str(refusal.value)

    @pytest.mark.parametrize("name", ["company_id", "client_order_id", "create_time"])
    def test_the_token_covers_three_fields(self, name: str) -> None:
        document = signed(SAMPLE)
        document["ticket_order"][name] += "1"
        with pytest.raises(NotAuthentic):
            PARTY.verify(request(encoded(document)), verification(PASSWORD))

    def test_a_company_calls_by_its_own_source_only(self) -> None:
        body = encoded(signed(SAMPLE))
        PARTY.verify(request(body), verification(PASSWORD, account="LMBJ"))
        with pytest.raises(NotAuthentic, match="company_id"):
            PARTY.verify(request(body), verification(PASSWORD, account="LMSH"))

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}", b'{"ticket_order": 1}', b'{"a": NaN}'])
    def test_a_body_without_a_readable_token_is_not_authentic(self, body: bytes) -> None:
        with pytest.raises(NotAuthentic):
            PARTY.verify(request(body), verification(PASSWORD))

    def test_settings_that_let_nobody_or_everybody_in_are_wrong(self) -> None:
        assert PARTY.wrong_settings(verification(PASSWORD, account="LMBJ")) is None
        wrong = [verification(), verification(""), verification(PASSWORD, scheme="none")]
        assert all(PARTY.wrong_settings(one) for one in wrong)


class TestReply:
    def test_a_yes_is_the_documents_byte_for_byte_each_time(self) -> None:
        for document in (SAMPLE, STRINGS):
            answer = PARTY.reply(Accepted(), request(encoded(document)))
            assert (answer.status, answer.body) == (200, sample("datacentre/14-datacentre-response-ok.json").strip())

    @pytest.mark.parametrize("status", [400, 401])
    def test_a_refusal_has_the_form_of_the_documents(self, status: int) -> None:
        answer = PARTY.reply(Declined(status, "invalid supplier name"), request(encoded(SAMPLE)))
        assert (answer.status, answer.body) == (200, sample("datacentre/15-datacentre-response-error.json").strip())

    def test_the_sample_as_printed_is_refused_the_same_way(self) -> None:
        printed = request(sample("datacentre/13-datacentre-ticket-order.txt"))
        with pytest.raises(Malformed, match="not JSON"):
            PARTY.peek(printed)
        with pytest.raises(NotAuthentic, match="not JSON") as refusal:
            PARTY.verify(printed, verification(PASSWORD))
        answer = PARTY.reply(Declined(401, str(refusal.value)), printed)
        assert (answer.status, json.loads(answer.body)["errcode"]) == (200, 1)

    @pytest.mark.parametrize("status", [404, 405, 413, 415, 429, 500, 503])
    def test_what_transport_refuses_keeps_its_status(self, status: int) -> None:
        answer = PARTY.reply(Declined(status, "\ud800", 2), None)
        assert (answer.status, answer.headers["retry-after"]) == (status, "2")
        assert json.loads(answer.body)["errcode"] == 1
