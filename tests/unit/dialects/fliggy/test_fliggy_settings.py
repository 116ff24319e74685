"""Credentials and context are checked field by field; the sentences name the field and repeat no value."""

from typing import Any

import pytest

from dialects.fliggy.outbound import FliggyOutbound
from dialects.registry import INBOUND, OUTBOUND, wire_forms
from tests.unit.dialects.fliggy.calls import CONTEXT, CREDENTIALS, changed

PARTY = FliggyOutbound()
TICKET = "passenger_list.0.ticket_list.0"


def test_the_registry_has_both_halves() -> None:
    assert INBOUND["fliggy"].name == OUTBOUND["fliggy"].name == "fliggy"
    assert wire_forms()["fliggy"].event_types == {"order.ticketed", "order.rejected"}
    assert wire_forms()["fliggy"].only_named


class TestCredentials:
    def test_key_and_secret_will_do(self) -> None:
        assert PARTY.check_credentials({"app_key": "1", "secret": "2"}) == []
        assert PARTY.check_credentials(CREDENTIALS) == []

    def test_so_will_all_settings(self) -> None:
        more = {
            "format": "xml", "ticket_type": "1", "ticket_sub_type": "31", "ticket_number_field": "both",
            "passenger_cert_types": {"PP": "2"}, "failed_codes": {"default": "1401", "no-seats": "1104"},
        }  # fmt: skip
        assert PARTY.check_credentials({**CREDENTIALS, **more}) == []

    def test_each_missing_field_is_named(self) -> None:
        assert PARTY.check_credentials({}) == [
            "credentials.app_key: Field required",
            "credentials.secret: Field required",
        ]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("app_key", 12345678), ("app_key", " "), ("secret", ""), ("session", ["geheim"]), ("sign_method", "sha1"),
            ("format", "yaml"), ("ticket_type", "5"), ("ticket_type", 4), ("ticket_sub_type", "13"),
            ("ticket_number_field", "pnr"), ("passenger_cert_types", "geheim"), ("passenger_cert_types", {"PP": 2}),
            ("failed_codes", {"default": ""}), ("failed_code", "geheim"),
        ],
    )  # fmt: skip
    def test_each_wrong_field_is_named(self, name: str, value: object) -> None:
        (sentence,) = PARTY.check_credentials({**CREDENTIALS, name: value})
        assert sentence.startswith(f"credentials.{name}")
        assert "geheim" not in sentence


class TestContext:
    def test_the_sample_will_do_and_so_will_the_two_ids(self) -> None:
        assert PARTY.check_context(CONTEXT) == []
        assert PARTY.check_context({"alitrip_order_id": 1, "agent_order_id": "2"}) == []

    def test_each_missing_field_is_named(self) -> None:
        assert PARTY.check_context({"passenger_list": [{"ticket_list": [{}]}, {"passenger_name": "A"}]}) == [
            "context.alitrip_order_id: Field required",
            "context.agent_order_id: Field required",
            "context.passenger_list[0].ticket_list[0].ticket_id: Field required",
            "context.passenger_list[0].ticket_list[0].ticket_price: Field required",
            "context.passenger_list[1].ticket_list: Field required",
        ]

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("alitrip_order_id", ""), ("alitrip_order_id", 1.5), ("agent_order_id", True), ("total_price", "150000"),
            ("total_price", -1), ("total_price", 1.0), ("main_biz_order_id", 2**63), ("main_biz_order_id", "x"),
            ("message", 5), ("fetch_tickets_pwd", 123456), ("order_attr", '{"a": 1}'), ("passenger_list", {}),
            ("passenger_list.0.passenger_cert_no", [123456]), ("passenger_list.0.ticket_list", []),
            (f"{TICKET}.ticket_price", "600"), (f"{TICKET}.ticket_price", 2**63), (f"{TICKET}.ticket_price", 0.5),
            (f"{TICKET}.ticket_type", "9"), (f"{TICKET}.ticket_pwd", 123456), (f"{TICKET}.expire_time", "2027-12-20"),
            (f"{TICKET}.expire_time", "2027-02-30 00:00:00"), (f"{TICKET}.ext_attr", "json属性"),
            (f"{TICKET}.ticket_no", "123456"), ("pasenger_list", [123456]),
        ],
    )  # fmt: skip
    def test_each_wrong_field_is_named(self, path: str, value: object) -> None:
        (sentence,) = PARTY.check_context(changed(CONTEXT, path, value))
        assert sentence.startswith(f"context.{path.replace('.0', '[0]')}: ")
        assert "123456" not in sentence

    def test_a_passenger_must_be_recognisable(self) -> None:
        (sentence,) = PARTY.check_context(changed(CONTEXT, "passenger_list.0.passenger_name"))
        assert sentence.startswith("context.passenger_list[0]: ")
        assert "passenger_name or passenger_cert_no" in sentence

    def test_a_ticket_id_is_used_once(self) -> None:
        same: dict[str, Any] = changed(CONTEXT, f"{TICKET}.ticket_id", 29018383839)
        assert PARTY.check_context(same) == ["context: Value error, two tickets have the same ticket_id"]
