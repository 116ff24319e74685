"""The API's description and the page that shows it. Everything comes from this process: it works without a network."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

OPENAPI_URL = "/api/openapi.json"
DOCS_URL = "/api/docs"
_ASSETS = "/api/docs/assets"


def install_api_docs(app: FastAPI) -> None:
    """Serve /api/docs and its assets; the description itself is at /api/openapi.json."""
    app.mount(_ASSETS, StaticFiles(directory=swagger_ui_path))

    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=OPENAPI_URL,
            title="Ticketwire API",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon-32x32.png",
            swagger_ui_parameters={"persistAuthorization": True, "displayRequestDuration": True},
        )

    app.add_api_route(DOCS_URL, docs, include_in_schema=False)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.0.3",
        )
        for path in described["paths"].values():
            for operation in path.values():
                _describe_refusals(operation)
        described["components"]["schemas"] |= {"Refusal": _REFUSAL}
        described["components"]["schemas"].pop("HTTPValidationError", None)
        described["components"]["schemas"].pop("ValidationError", None)
        app.openapi_schema = _in_3_0(described)
    return app.openapi_schema


_NULL = {"type": "null"}
_REFUSAL = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
            "required": ["code", "message", "hint"],
        }
    },
    "required": ["error"],
}


def _describe_refusals(operation: dict[str, Any]) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {"description": "refused; `code` is stable", "content": content}


def _in_3_0(part: Any) -> Any:
    """The same in the words of OpenAPI 3.0, which is what the bundled page reads: it has no null type and no const."""
    if isinstance(part, list):
        return [_in_3_0(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    told = {name: _in_3_0(entry) for name, entry in part.items()}
    if "const" in told:
        told["enum"] = [told.pop("const")]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(told.get(bound), int | float):
            told[limit], told[bound] = told[bound], True
    choices = told.get("anyOf", [])
    if _NULL in choices:
        del told["anyOf"]
        real = [choice for choice in choices if choice != _NULL]
        told |= {"nullable": True} | ({"allOf": real} if "$ref" in real[0] else real[0])
    return told
