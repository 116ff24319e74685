"""What an operator may say of an endpoint, and what is shown of it. Secrets go in and never come out."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from console.texts import LongText, Text

MAXIMUM_HEADERS = 32
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]{0,4096}")
# Of the connection, or written by the dialect for every call: whoever sets them breaks the call or its signature.
_NOT_YOURS = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "expect", "host", "content-length", "content-type"),
    }
)


def _name(text: str) -> str:
    try:
        UUID(text)
    except ValueError:
        return text
    raise ValueError("a name that looks like an id would be taken for one")


def _url(text: str) -> str:
    """An absolute http or https address with a host; credentials belong into headers, where they are kept sealed."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("an http:// or https:// address with a host is needed")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password in the address would be shown: use headers")
    if parts.fragment or re.search(r"[\s\x00-\x20\x7f\\]", text) or not text.isascii():
        raise ValueError("no fragments, spaces, backslashes or unencoded characters are allowed")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    if len(headers) > MAXIMUM_HEADERS:
        raise ValueError(f"more than {MAXIMUM_HEADERS} headers")
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is no header name")
        if lower in _NOT_YOURS or lower.startswith("webhook-"):
            raise ValueError(f"header {name} is set by Ticketwire itself")
        if lower in seen:
            raise ValueError(f"header {name} is there twice")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of header {name} is not one line of ASCII")
        seen.add(lower)
    return headers


def _credentials(credentials: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps(credentials)
    except TypeError as error:
        raise ValueError(f"cannot be kept: {error}") from None
    return credentials


EndpointName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$"), AfterValidator(_name)]
Url = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_url)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Credentials = Annotated[dict[str, Any], Field(max_length=20), AfterValidator(_credentials)]


class Form(BaseModel):
    """Closed: a misspelt field is an error, not a setting that silently stays as it was."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Filter(Form):
    sources: list[Text] = Field([], max_length=100, description="only orders of these sources; empty: of all")


class NewEndpoint(Form):
    """An endpoint as an operator describes it."""

    name: EndpointName = Field(description="unique among endpoints")
    url: Url = Field(description="where callbacks are sent, http or https")
    dialect: Text = Field("standard", description="how it is spoken to")
    event_types: list[Text] = Field(
        [], max_length=20, description="what it is told; empty: all that its dialect can say"
    )
    policy: Text = Field("standard", description="retry policy by name")
    credentials: Credentials = Field({}, max_length=20, description="what its dialect signs with; never shown again")
    headers: Headers = Field({}, description="sent with every call; values are never shown again")
    rate_limit: float | None = Field(None, gt=0, le=10_000, description="calls per second; null: no limit")
    max_in_flight: int = Field(16, ge=1, le=1000, description="calls under way at once")
    timeout_seconds: float = Field(15, ge=0.1, le=300, description="patience for an answer")
    on_give_up: Literal["keep", "reject_void"] = Field(
        "keep", description="reject_void: this endpoint carries out voids; when it fails for good the void is rejected"
    )
    filter: Filter = Field(Filter(), description="which orders it is told of")


class EndpointChanges(Form):
    """What is to change; what is left out stays."""

    name: EndpointName | None = None
    url: Url | None = None
    dialect: Text | None = None
    event_types: list[Text] | None = Field(None, max_length=20)
    policy: Text | None = None
    credentials: Credentials | None = Field(
        None, max_length=20, description="replaces all credentials; without secrets, those that sign stay"
    )
    headers: Headers | None = Field(None, description="replaces all headers")
    rate_limit: float | None = Field(None, gt=0, le=10_000, description="null: no limit")
    max_in_flight: int | None = Field(None, ge=1, le=1000)
    timeout_seconds: float | None = Field(None, ge=0.1, le=300)
    on_give_up: Literal["keep", "reject_void"] | None = None
    filter: Filter | None = None

    @model_validator(mode="after")
    def _only_the_limit_may_be_null(self) -> "EndpointChanges":
        for name in self.model_fields_set - {"rate_limit"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} may not be null: leave it out to keep it")
        return self

    def given(self) -> dict[str, Any]:
        """What was said, by field."""
        return self.model_dump(exclude_unset=True)


class Reason(Form):
    reason: LongText = Field("", description="why, for whoever looks later")


class ShownEndpoint(BaseModel):
    """An endpoint as it is read: of secrets, only that they are set."""

    endpoint_id: UUID
    name: str
    url: str
    dialect: str
    event_types: list[str]
    policy: str
    credentials_set: list[str] = Field(description="names of the credentials that are set, never their values")
    headers_set: list[str] = Field(description="names of the extra headers that are set, never their values")
    secrets_readable: bool = Field(description="false: sealed with a key that is not configured; nothing can be sent")
    rate_limit: float | None
    max_in_flight: int
    timeout_seconds: float
    on_give_up: str
    filter: dict[str, Any]
    state: str
    state_reason: str
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(ShownEndpoint):
    secret: str | None = Field(description="made for this endpoint just now and shown this once; null: none was needed")


class RotatedSecret(BaseModel):
    secret: str = Field(description="the new signing secret, shown this once")
    note: str


class DeletedEndpoint(BaseModel):
    endpoint_id: UUID
    cancelled_callbacks: int


class StartedTest(BaseModel):
    callback_id: UUID = Field(description="follow it at /api/v1/callbacks/{callback_id}")
    order_no: str
    event_type: str
