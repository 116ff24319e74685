"""What must hold of an endpoint beyond the form of its fields, and the secrets that are made for it."""

import base64
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from console.context import Console, Dialect
from console.endpoint_form import EndpointWithSecret, NewEndpoint, ShownEndpoint
from console.names import did_you_mean
from runtime.errors import ConfigurationError, Conflict, InvalidRequest
from schemas.topics import EventType
from store.endpoints import Endpoint

LIVE_SECRETS = 2
"""The new one and the one before it: receivers change over while both sign."""


def new_secret() -> str:
    """A Standard Webhooks signing secret of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def completed(form: NewEndpoint, console: Console) -> tuple[NewEndpoint, str | None]:
    """The form with its defaults filled in, and the secret that was made for it, if one was.

    Raises InvalidRequest, naming the field, with the nearest known name.
    """
    dialect = _dialect(form.dialect, console)
    if form.policy not in console.policies:
        raise _unknown("policy", form.policy, console.policies)
    types = form.event_types or sorted(dialect.event_types)
    for event_type in types:
        if event_type not in set(EventType):
            raise _unknown("event_types", event_type, map(str, EventType))
        if event_type not in dialect.event_types:
            raise InvalidRequest(
                f"event_types: {event_type} has no wire form in dialect {form.dialect}",
                hint=f"it can say: {', '.join(sorted(dialect.event_types))}",
            )
    if form.on_give_up == "reject_void" and EventType.VOID not in types:
        raise InvalidRequest(
            f"on_give_up: reject_void is for endpoints that are told of {EventType.VOID}",
            hint=f"add {EventType.VOID} to event_types, or use keep",
        )
    made = new_secret() if not form.credentials.get("secrets") and signs_with_secrets(dialect) else None
    credentials = form.credentials | ({"secrets": [made]} if made else {})
    if problems := dialect.check_credentials(credentials):
        raise InvalidRequest(
            f"credentials: {'; '.join(problems)}",
            hint=f"see what dialect {form.dialect} signs with in the documentation",
        )
    return form.model_copy(update={"event_types": list(dict.fromkeys(types)), "credentials": credentials}), made


def signs_with_secrets(dialect: Dialect) -> bool:
    """Whether this dialect signs with Standard Webhooks secrets, so that we can make one."""
    return not dialect.check_credentials({"secrets": [new_secret()]})


def merged(present: Mapping[str, Any], changes: Mapping[str, Any]) -> NewEndpoint:
    """A stored endpoint (`to_form`) with changes. New credentials without secrets leave the signing secrets live."""
    said = {**present, **changes}
    if kept := present["credentials"].get("secrets"):
        said["credentials"] = {"secrets": kept, **said["credentials"]}
    return NewEndpoint.model_validate(said)


def rotated(credentials: Mapping[str, Any], dialect: Dialect) -> tuple[dict[str, Any], str]:
    """The credentials with a new secret first and the one before it still live; raises Conflict where there is none."""
    if not signs_with_secrets(dialect):
        raise Conflict(
            "this endpoint's dialect has no signing secret that could be made here",
            hint="change its credentials with PATCH instead",
        )
    made = new_secret()
    return {**credentials, "secrets": [made, *credentials.get("secrets", [])][:LIVE_SECRETS]}, made


def _dialect(name: str, console: Console) -> Dialect:
    dialect = console.dialects.get(name)
    if dialect is None:
        raise _unknown("dialect", name, console.dialects)
    return dialect


def dialect_of(endpoint: Endpoint, console: Console) -> Dialect:
    """The dialect of a stored endpoint; raises Conflict when this version no longer speaks it."""
    dialect = console.dialects.get(endpoint.dialect)
    if dialect is None:
        raise Conflict(f"this version does not speak {endpoint.dialect!r}", hint="change the endpoint's dialect")
    return dialect


def to_row(form: NewEndpoint, endpoint_id: UUID, console: Console) -> Endpoint:
    """The row that keeps this endpoint."""
    return Endpoint(
        endpoint_id=endpoint_id,
        event_types=tuple(form.event_types),
        secrets=console.box.seal({"credentials": form.credentials, "headers": form.headers}),
        filter=form.filter.model_dump(),
        **form.model_dump(exclude={"event_types", "credentials", "headers", "filter"}),
    )


def to_form(endpoint: Endpoint, console: Console) -> dict[str, Any]:
    """All that was once said of a stored endpoint, secrets included: to be changed and checked again, never shown."""
    opened = console.box.open(endpoint.secrets)
    names = NewEndpoint.model_fields.keys() - {"credentials", "headers"}
    said = {name: getattr(endpoint, name) for name in names}
    return said | {
        "event_types": list(endpoint.event_types),
        "credentials": opened["credentials"],
        "headers": opened["headers"],
    }


def shown(endpoint: Endpoint, console: Console) -> ShownEndpoint:
    """An endpoint without its secrets. One whose secrets cannot be read is shown all the same, and says so."""
    try:
        opened = console.box.open(endpoint.secrets)
    except ConfigurationError:
        opened = None
    return ShownEndpoint(
        **{name: getattr(endpoint, name) for name in ShownEndpoint.model_fields if hasattr(endpoint, name)},
        credentials_set=sorted(opened["credentials"]) if opened else [],
        headers_set=sorted(opened["headers"]) if opened else [],
        secrets_readable=opened is not None,
    )


def shown_once(endpoint: Endpoint, console: Console, *, secret: str | None) -> EndpointWithSecret:
    """A new endpoint, with the secret that was made for it."""
    return EndpointWithSecret(**shown(endpoint, console).model_dump(), secret=secret)


def _unknown(field: str, value: str, known: Any) -> InvalidRequest:
    return InvalidRequest(f"{field}: there is no {value[:80]!r}", hint=did_you_mean(value, known))
