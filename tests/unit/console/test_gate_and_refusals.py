"""Who is let in, and how refusals look, without a database."""

import pytest
from pydantic import SecretStr

from console.app import build_app
from console.context import Console
from console.gate import Gate
from runtime.errors import ConfigurationError
from runtime.health import Health
from tests.unit.console.conftest import TOKEN, App


async def test_without_a_token_in_the_settings_the_console_does_not_start(console: Console) -> None:
    settings = console.settings.model_copy(update={"admin_token": SecretStr("")})
    with pytest.raises(ConfigurationError, match="admin_token"):
        build_app(Console(settings, console.pool, console.box, console.dialects), Health())
    with pytest.raises(ConfigurationError):
        Gate(build_app(console, Health()), admin_token=SecretStr(""))


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x"])
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/orders", "/api/v1/nothing"])
async def test_below_the_api_nothing_answers_without_the_token(app: App, path: str, token: str | None) -> None:
    response = await app.call("GET", path, token=token)
    assert response.status == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert (await response.json())["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("PUT", "/api/v1/endpoints", 405, "method-not-allowed"),
        ("GET", "/api/v1/orders?limit=0", 422, "invalid-request"),
        ("GET", "/api/v1/orders?colour=red", 422, "invalid-request"),
        ("GET", "/api/v1/callbacks/not-an-id", 422, "invalid-request"),
        ("GET", "/api/v1/orders", 503, "service-unavailable"),
        ("POST", "/api/v1/endpoints/shop/test", 503, "service-unavailable"),
    ],
)
async def test_every_refusal_has_one_form(app: App, method: str, path: str, status: int, code: str) -> None:
    response = await app.call(method, path)
    assert response.status == status
    body = await response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "hint"}
    assert body["error"]["code"] == code
    assert body["error"]["hint"]
    assert response.get_header("retry-after") == ("2" if status == 503 else None)


async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(app: App) -> None:
    body = {"name": "shop", "url": "https://user:secret@shop.example", "max_in_flight": 0, "colour": "red"}
    response = await app.call("POST", "/api/v1/endpoints", body=body)
    message = (await response.json())["error"]["message"]
    for field in ("url", "max_in_flight", "colour"):
        assert f"{field}: " in message
    assert "secret" not in message


async def test_a_callbacks_id_may_be_given_as_the_receiver_saw_it(app: App) -> None:
    response = await app.call("GET", "/api/v1/callbacks/msg_0198c0ffee0070008000000000000001")
    assert response.status == 503  # understood: only the database is missing


async def test_the_landing_page_comes_without_a_database_and_says_so(app: App) -> None:
    response = await app.call("GET", "/", token=None)
    text = await response.text()
    assert response.status == 200
    assert "Postgres cannot be used now" in text
    assert "http://" not in text
    assert "https://" not in text
