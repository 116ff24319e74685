"""A call is proven by its signature: the digest's vectors, three methods, two live secrets, ten minutes."""

import hashlib
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from dialects.contract import NotAuthentic
from dialects.fliggy.signature import sign
from dialects.fliggy.verify import verify, wrong_settings
from runtime.settings import VerificationSettings
from tests.unit.dialects.fliggy.calls import ARRIVED, COMMON, PROVEN, SECRET, compact, parameters, request, signed

PUBLISHED = {
    **COMMON,
    "method": "taobao.item.seller.get",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}
VECTORS = [
    (PUBLISHED, "md5", "66987CB115214E59E6EC978214934FB8"),
    (PUBLISHED, "hmac", "D56D7858309C31B6251083A874D48273"),
    (PUBLISHED, "hmac-sha256", "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
    (parameters(), "md5", "0C17F1A84A354845760F63C918434593"),
    (parameters(), "hmac", "415607DF9030D1DF1975D931D59FC4FE"),
    (parameters(), "hmac-sha256", "2B52A757291284A703799BC91C8688AFD892F927AB0445A2EDAD542ABF27711C"),
]


def refused(given: dict[str, str], verification: VerificationSettings = PROVEN) -> str:
    with pytest.raises(NotAuthentic) as refusal:
        verify(request(given), verification)
    assert SECRET not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(("given", "sign_method", "expected"), VECTORS)
def test_the_digests_vectors(given: dict[str, str], sign_method: str, expected: str) -> None:
    assert sign({**given, "sign_method": sign_method}, secret=SECRET, sign_method=sign_method) == expected


def test_the_vectors_order_is_example_07() -> None:
    text = parameters()["confirm_book_r_q"]
    assert (len(text), len(text.encode())) == (786, 858)
    assert hashlib.sha256(text.encode()).hexdigest().startswith("391f1803bcd0c473069722af1212ef0e")


def test_empty_parameters_and_the_sign_itself_are_not_signed() -> None:
    more = {**PUBLISHED, "sign": "ABC", "empty": "", "": "nameless"}
    assert sign(more, secret=SECRET, sign_method="md5") == VECTORS[0][2]


def test_an_unknown_method_has_no_signature() -> None:
    with pytest.raises(KeyError):
        sign(PUBLISHED, secret=SECRET, sign_method="sha1")


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
@pytest.mark.parametrize("secret", [SECRET, "other"])
def test_each_method_and_each_live_secret_proves_a_call(sign_method: str, secret: str) -> None:
    given = parameters(sign_method=sign_method)
    proof = verify(request({**given, "sign": sign(given, secret=secret, sign_method=sign_method)}), PROVEN)
    assert str(proof) == ("dialect/1" if secret == PROVEN.secrets[0].get_secret_value() else "dialect/2")
    verify(request({**given, "sign": sign(given, secret=secret, sign_method=sign_method).lower()}), PROVEN)


def test_parameters_may_be_in_the_query_too() -> None:
    given = signed(parameters())
    order = {"confirm_book_r_q": given.pop("confirm_book_r_q")}
    verify(request(order, query=urlencode(given)), PROVEN)
    verify(request(b"", query=urlencode(given | order)), PROVEN)


def test_a_json_body_is_signed_over_texts_as_meant_and_anything_else_as_written() -> None:
    written = '{ "success": true,\n "price": 1.50, "name": "\\u7f57" }'
    given = signed({**COMMON, "confirm_book_r_q": written, "simplify": "true", "session": ""})
    texts = "".join(f"{compact(name)} : {compact(given[name])} , " for name in ("method", "app_key", "timestamp", "v"))
    body = (
        "\ufeff { " + texts + f'"sign_method":"md5","sign":"{given["sign"]}", "session" : null, "simplify": true,'
        f'"format":"json", "confirm_book_r_q" : {written} }} '
    )
    verify(request(body.encode()), PROVEN)
    with pytest.raises(NotAuthentic, match="sign is not"):
        verify(request(body.replace("1.50", "1.5").encode()), PROVEN)


@pytest.mark.parametrize(
    ("name", "missing", "wrong"),
    [
        ("app_key", "Missing App Key: app_key", "Invalid App Key: app_key"),
        ("timestamp", "Missing Timestamp: timestamp", "Invalid Timestamp: timestamp"),
        ("sign", "Missing Signature: sign", "Invalid Signature: sign"),
        ("sign_method", "Missing Required Arguments: sign_method", "Invalid Arguments: sign_method"),
    ],
)
def test_each_part_of_the_proof_is_needed(name: str, missing: str, wrong: str) -> None:
    given = signed(parameters())
    assert refused({key: value for key, value in given.items() if key != name}).startswith(missing)
    assert refused({**given, name: ""}).startswith(missing)
    assert refused({**given, name: "\u4e00x"}).startswith(wrong)


def test_the_version_is_needed() -> None:
    assert refused(signed(parameters(v=""))).startswith("Missing Version: v")


@pytest.mark.parametrize("name", ["confirm_book_r_q", "method", "session", "format"])
def test_whatever_is_changed_breaks_the_signature(name: str) -> None:
    assert refused({**signed(parameters()), name: "changed"}).startswith("Invalid Signature")
    assert refused({**signed(parameters()), "more": "1"}).startswith("Invalid Signature")


@pytest.mark.parametrize(("seconds", "ok"), [(600, True), (-600, True), (601, False), (-601, False)])
def test_a_timestamp_may_be_ten_minutes_off(seconds: int, ok: bool) -> None:
    asked = request(signed(parameters()), received_at=ARRIVED + timedelta(seconds=seconds))
    if ok:
        verify(asked, PROVEN)
    else:
        with pytest.raises(NotAuthentic, match="601 s"):
            verify(asked, PROVEN)


@pytest.mark.parametrize(
    "timestamp",
    ["2016-01-01T12:00:00", "2016-02-30 12:00:00", "1451620800", "２016-01-01 12:00:00", "0000-01-01 00:00:00"],
)
def test_a_timestamp_has_one_form(timestamp: str) -> None:
    assert "not of the form" in refused(signed(parameters(timestamp=timestamp)))


@pytest.mark.parametrize("timestamp", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_the_ends_of_time_are_off(timestamp: str) -> None:
    assert "more than 600 s" in refused(signed(parameters(timestamp=timestamp)))


def test_without_an_account_any_key_with_the_right_secret_will_do() -> None:
    verify(request(signed(parameters(app_key="another"))), PROVEN.model_copy(update={"account": ""}))
    assert "Invalid App Key" in refused(signed(parameters(app_key="another")))


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"\xff=1", "not UTF-8"), (b"a=1&a=2", "given 2 times"), (b'{"a":1,"a":2}', "given 2 times"), (b"{", "not JSON"),
     (b"&".join(b"p%d=1" % number for number in range(101)), "more than 100"), (b"a=%ff", "not UTF-8")],
)  # fmt: skip
def test_what_cannot_be_read_proves_nothing(body: bytes, text: str) -> None:
    with pytest.raises(NotAuthentic, match=f"Missing Signature: .*{text}"):
        verify(request(body), PROVEN)


def test_a_parameter_in_body_and_query_could_be_read_two_ways() -> None:
    with pytest.raises(NotAuthentic, match="'format' is given 2 times"):
        verify(request(signed(parameters()), query="format=xml"), PROVEN)


def test_generic_schemes_will_do_too() -> None:
    token = VerificationSettings(scheme="token", secrets=(SecretStr("t"),))
    verify(request(b"", headers={"authorization": "Bearer t"}), token)
    with pytest.raises(NotAuthentic):
        verify(request(signed(parameters())), token)


def test_settings_that_could_let_nobody_in() -> None:
    assert wrong_settings(PROVEN) is None
    assert wrong_settings(VerificationSettings(scheme="token", secrets=(SecretStr("t"),))) is None
    for secrets in ((), (SecretStr(""),)):
        assert "needs" in str(wrong_settings(VerificationSettings(scheme="dialect", secrets=secrets)))
        assert "needs" in str(wrong_settings(VerificationSettings(scheme="token", secrets=secrets)))
