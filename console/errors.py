"""Every refusal in one form: {"error": {"code", "message", "hint"}}. Codes are stable: docs/errors.md lists them."""

from http import HTTPStatus

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from runtime.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    SchemaError,
    ServiceUnavailable,
    TicketwireError,
)
from runtime.logs import get_logger
from store.pool import is_outage

log = get_logger()

_STATUS: dict[type[TicketwireError], int] = {
    NotFound: 404,
    Conflict: 409,
    InvalidRequest: 422,
    ServiceUnavailable: 503,
    SchemaError: 503,
}
_CODES = {400: "not-json", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_OUTAGE_HINT = "it is tried again by itself; see /readyz for what is missing"


def error_body(code: str, message: str, *, hint: str = "") -> bytes:
    """The one form of a refusal, as bytes."""
    return orjson.dumps({"error": {"code": code, "message": message, "hint": hint}})


def install_error_answers(app: FastAPI) -> None:
    """Make the application answer every failure in the one form."""
    app.add_exception_handler(TicketwireError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    for status in _CODES:
        app.add_exception_handler(status, _plain_http)
    for kind in (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        app.add_exception_handler(kind, _of_postgres)  # TimeoutError is an OSError


def _answer(status: int, body: bytes) -> Response:
    headers = {"retry-after": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _known(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, TicketwireError):
        raise error
    status = next((number for kind, number in _STATUS.items() if isinstance(error, kind)), 500)
    return _answer(status, error_body(error.code, error.message, hint=error.hint))


def _invalid(request: Request, error: Exception) -> Response:
    """Name each wrong field and what is wrong with it. The value is not repeated: it may be a secret."""
    del request
    if not isinstance(error, RequestValidationError | ValidationError):
        raise error
    problems = [(_place(part["loc"]), str(part["msg"]).removeprefix("Value error, ")) for part in error.errors()]
    if any(part["type"] == "json_invalid" for part in error.errors()):
        return _answer(400, error_body("not-json", "the body is not JSON", hint="check it with a JSON reader"))
    message = "; ".join(f"{place}: {text}" for place, text in problems[:10])
    body = error_body(InvalidRequest.code, _printable(message), hint="fields and their meanings: /api/docs")
    return _answer(422, body)


def _plain_http(request: Request, error: Exception) -> Response:
    status, detail = getattr(error, "status_code", 500), getattr(error, "detail", "")
    what = f"{request.method} {_printable(request.url.path)[:200]}: {detail}"
    return _answer(status, error_body(_CODES[status], what, hint="paths and methods: /api/docs"))


def _of_postgres(request: Request, error: Exception) -> Response:
    """What the database says: a value it cannot hold is the caller's, an outage passes, the rest is our defect."""
    if isinstance(error, asyncpg.DataError | ValueError):  # the server's word, or the client's
        message = "a value is none that the database can hold"
        return _answer(422, error_body(InvalidRequest.code, message, hint="leave out control characters"))
    if is_outage(error):
        log.warning("console.postgres_away", path=request.url.path[:100], error=type(error).__name__)
        return _answer(503, error_body(ServiceUnavailable.code, "Postgres cannot be used now", hint=_OUTAGE_HINT))
    log.error("console.failed", path=request.url.path[:100], error=type(error).__name__, text=str(error)[:300])
    return _answer(500, error_body("internal", "the console has a defect", hint="its log tells more"))


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part not in {"body", "query", "path"}) or "body"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
