"""/api/v1/endpoints: who is told."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from uuid_utils.compat import uuid7

from console import endpoint_rules as rules
from console.actor import Who
from console.context import Console, Here
from console.endpoint_form import (
    DeletedEndpoint,
    EndpointChanges,
    EndpointWithSecret,
    NewEndpoint,
    Reason,
    RotatedSecret,
    ShownEndpoint,
    StartedTest,
)
from console.texts import Text
from console.trial_order import trial_content, trial_type
from runtime.errors import Conflict
from store import endpoints as table
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions

router = APIRouter(prefix="/endpoints", tags=["endpoints"])

Named = Annotated[Text, Path(description="the endpoint's name or id")]


@router.get("")
async def list_all(console: Here) -> list[ShownEndpoint]:
    """All endpoints by name; secrets are never shown."""
    async with console.pool.acquire() as connection:
        return [rules.shown(endpoint, console) for endpoint in await table.list_endpoints(connection)]


@router.post("", status_code=201)
async def create(console: Here, who: Who, form: NewEndpoint) -> EndpointWithSecret:
    """Make an endpoint. Without credentials, a signing secret is made where the dialect signs with one."""
    form, made = rules.completed(form, console)
    async with console.pool.acquire() as connection, connection.transaction():
        endpoint = await table.insert_endpoint(connection, rules.to_row(form, uuid7(), console))
        await _note(connection, who, "create", endpoint, url=endpoint.url, dialect=endpoint.dialect)
    return rules.shown_once(endpoint, console, secret=made)


@router.get("/{endpoint}")
async def get(console: Here, endpoint: Named) -> ShownEndpoint:
    """One endpoint."""
    async with console.pool.acquire() as connection:
        return rules.shown(await table.get_endpoint(connection, endpoint), console)


@router.patch("/{endpoint}")
async def change(console: Here, who: Who, endpoint: Named, changes: EndpointChanges) -> EndpointWithSecret:
    """Change what is given; the rest stays. The whole is checked again."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        form, made = rules.completed(rules.merged(rules.to_form(present, console), changes.given()), console)
        row = await table.update_endpoint(connection, rules.to_row(form, present.endpoint_id, console))
        # Which fields, not what they say: credentials and headers are secrets.
        await _note(connection, who, "change", row, fields=sorted(changes.given()))
    return rules.shown_once(row, console, secret=made)


@router.delete("/{endpoint}")
async def delete(console: Here, who: Who, endpoint: Named) -> DeletedEndpoint:
    """Delete an endpoint and cancel what it is still owed. What was sent stays in the orders' timelines."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        cancelled = await table.delete_endpoint(connection, present.endpoint_id)
        await _note(connection, who, "delete", present, cancelled_callbacks=cancelled)
    return DeletedEndpoint(endpoint_id=present.endpoint_id, cancelled_callbacks=cancelled)


@router.post("/{endpoint}/rotate-secret")
async def rotate_secret(console: Here, who: Who, endpoint: Named) -> RotatedSecret:
    """Sign with a new secret. The one before it signs too, until the next rotation: time to change over."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        said = rules.to_form(present, console)
        credentials, made = rules.rotated(said["credentials"], rules.dialect_of(present, console))
        form = NewEndpoint.model_validate(said | {"credentials": credentials})
        await table.update_endpoint(connection, rules.to_row(form, present.endpoint_id, console))
        await _note(connection, who, "rotate-secret", present)
    return RotatedSecret(secret=made, note="calls carry both signatures, the new and the old, until the next rotation")


@router.post("/{endpoint}/test", status_code=202)
async def send_trial(
    console: Here,
    who: Who,
    endpoint: Named,
    event_type: Annotated[Text | None, Query(description="default: the first that can be tested")] = None,
) -> StartedTest:
    """Send a callback of a made-up order to this endpoint only, by the way of all others."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        if present.state != "enabled":
            raise Conflict(
                f"endpoint {present.name!r} is {present.state}: nothing is sent to it", hint="enable it first"
            )
        content = trial_content(trial_type(event_type, present.event_types))
        owed = await table.owe_test_callback(connection, present.endpoint_id, content=content)
        await _note(connection, who, "test", present, callback_id=str(owed.callback_id), event_type=owed.event_type)
    return StartedTest(callback_id=owed.callback_id, order_no=owed.order_no, event_type=owed.event_type)


@router.post("/{endpoint}/enable")
async def enable(console: Here, who: Who, endpoint: Named) -> ShownEndpoint:
    """Send to it again; what waited is due at once, in order."""
    return await _set_state(console, who, endpoint, state="enabled", reason="")


@router.post("/{endpoint}/disable")
async def disable(console: Here, who: Who, endpoint: Named, why: Reason | None = None) -> ShownEndpoint:
    """Send nothing until it is enabled again; callbacks that become owed wait."""
    reason = (why.reason if why else "") or "by an operator"
    return await _set_state(console, who, endpoint, state="disabled", reason=reason)


async def _set_state(console: Console, who: str, endpoint: str, *, state: str, reason: str) -> ShownEndpoint:
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        row = await table.set_endpoint_state(connection, present.endpoint_id, state=state, reason=reason)
        await _note(connection, who, state.removesuffix("d"), row, reason=reason)
    return rules.shown(row, console)


async def _note(
    connection: Connection, who: str, action: str, endpoint: table.Endpoint, *, reason: str = "", **details: Any
) -> None:
    deed = OperatorAction(
        actor=who,
        action=action,
        subject="endpoint",
        subject_id=str(endpoint.endpoint_id),
        reason=reason,
        details={"name": endpoint.name, **details},
    )
    await note_actions(connection, [deed])
