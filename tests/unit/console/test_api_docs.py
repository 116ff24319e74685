"""The documentation page and the document it shows work without a network, and in the version the page reads."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.console.conftest import App

EVERY_CALL = {
    ("get", "/api/v1/endpoints"),
    ("post", "/api/v1/endpoints"),
    ("get", "/api/v1/endpoints/{endpoint}"),
    ("patch", "/api/v1/endpoints/{endpoint}"),
    ("delete", "/api/v1/endpoints/{endpoint}"),
    ("post", "/api/v1/endpoints/{endpoint}/rotate-secret"),
    ("post", "/api/v1/endpoints/{endpoint}/test"),
    ("post", "/api/v1/endpoints/{endpoint}/enable"),
    ("post", "/api/v1/endpoints/{endpoint}/disable"),
    ("get", "/api/v1/orders"),
    ("get", "/api/v1/orders/{order_no}"),
    ("get", "/api/v1/orders/{order_no}/timeline"),
    ("get", "/api/v1/callbacks"),
    ("get", "/api/v1/orders/{order_no}/context"),
    ("put", "/api/v1/orders/{order_no}/context"),
    ("get", "/api/v1/callbacks/{callback_id}"),
    ("post", "/api/v1/callbacks/{callback_id}/retry"),
    ("post", "/api/v1/callbacks/{callback_id}/cancel"),
    ("post", "/api/v1/callbacks/retry"),
    ("post", "/api/v1/endpoints/{endpoint}/recover"),
    ("get", "/api/v1/parked"),
    ("get", "/api/v1/parked/groups"),
    ("get", "/api/v1/parked/{parked_id}"),
    ("post", "/api/v1/parked/retry"),
    ("post", "/api/v1/parked/{parked_id}/retry"),
    ("post", "/api/v1/parked/export"),
    ("post", "/api/v1/parked/discard"),
    ("post", "/api/v1/parked/{parked_id}/discard"),
    ("get", "/api/v1/replays"),
    ("post", "/api/v1/replays"),
    ("get", "/api/v1/replays/{run_id}"),
    ("post", "/api/v1/replays/{run_id}/cancel"),
    ("get", "/api/v1/replays/{run_id}/difference"),
    ("post", "/api/v1/replays/{run_id}/promote"),
    ("post", "/api/v1/replays/{run_id}/discard"),
    ("post", "/api/v1/rebuilds"),
    ("get", "/api/v1/actions"),
    ("get", "/api/v1/runs"),
    ("get", "/api/v1/runs/{run_id}"),
    ("post", "/api/v1/runs/{run_id}/cancel"),
    ("get", "/api/v1/status"),
    ("get", "/api/v1/timeline-keys"),
}


async def document(app: App) -> dict[str, Any]:
    response = await app.call("GET", "/api/openapi.json", token=None)
    described: dict[str, Any] = await response.json()
    return described


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner)


async def test_every_call_is_described_with_its_refusal_and_its_token(app: App) -> None:
    described = await document(app)
    calls = {(method, path): call for path, methods in described["paths"].items() for method, call in methods.items()}
    assert set(calls) == EVERY_CALL
    for call in calls.values():
        assert call["description"]
        assert "default" in call["responses"]
        assert call["security"] == [{"HTTPBearer": []}]


async def test_the_document_speaks_the_version_that_the_page_reads(app: App) -> None:
    described = await document(app)
    assert described["openapi"] == "3.0.3"
    for part in parts(described):
        assert part.get("type") != "null"
        assert "const" not in part or isinstance(part["const"], dict)  # a property may be called so
        assert not isinstance(part.get("exclusiveMinimum"), float)
    names = set(described["components"]["schemas"])
    assert "Refusal" in names
    used = {part["$ref"].rsplit("/", 1)[1] for part in parts(described) if isinstance(part.get("$ref"), str)}
    assert used <= names


async def test_the_page_and_all_it_loads_come_from_here(app: App) -> None:
    page = await (await app.call("GET", "/api/docs", token=None)).text()
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert len(loaded) == 3
    for address in loaded:
        assert address.startswith("/api/docs/assets/")
        response = await app.call("GET", address, token=None)
        assert response.status == 200
        assert await response.bytes()


@pytest.mark.parametrize("path", ["/api/docs/assets/../../../etc/passwd", "/api/docs/assets/%2e%2e/__init__.py"])
async def test_nothing_but_the_assets_is_served_there(app: App, path: str) -> None:
    assert (await app.call("GET", path, token=None)).status == 404


async def test_regression_what_is_asked_for_as_a_run_is_described_as_answered_202(app: App) -> None:
    """A run that was asked for was answered 202 in a form that the document gave for refusals only."""
    paths = (await document(app))["paths"]
    for path in (
        "callbacks/retry",
        "endpoints/{endpoint}/recover",
        "parked/retry",
        "parked/{parked_id}/retry",
        "parked/export",
    ):
        responses = paths[f"/api/v1/{path}"]["post"]["responses"]
        assert responses["202"]["content"] == responses["200"]["content"]
