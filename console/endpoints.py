"""/api/v1/endpoints: who is told."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from uuid_utils.compat import uuid7

from console import endpoint_rules as rules
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

router = APIRouter(prefix="/endpoints", tags=["endpoints"])

Named = Annotated[Text, Path(description="the endpoint's name or id")]


@router.get("")
async def list_all(console: Here) -> list[ShownEndpoint]:
    """All endpoints by name; secrets are never shown."""
    async with console.pool.acquire() as connection:
        return [rules.shown(endpoint, console) for endpoint in await table.list_endpoints(connection)]


@router.post("", status_code=201)
async def create(console: Here, form: NewEndpoint) -> EndpointWithSecret:
    """Make an endpoint. Without credentials, a signing secret is made where the dialect signs with one."""
    form, made = rules.completed(form, console)
    async with console.pool.acquire() as connection:
        endpoint = await table.insert_endpoint(connection, rules.to_row(form, uuid7(), console))
    return rules.shown_once(endpoint, console, secret=made)


@router.get("/{endpoint}")
async def get(console: Here, endpoint: Named) -> ShownEndpoint:
    """One endpoint."""
    async with console.pool.acquire() as connection:
        return rules.shown(await table.get_endpoint(connection, endpoint), console)


@router.patch("/{endpoint}")
async def change(console: Here, endpoint: Named, changes: EndpointChanges) -> EndpointWithSecret:
    """Change what is given; the rest stays. The whole is checked again."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        form, made = rules.completed(rules.merged(rules.to_form(present, console), changes.given()), console)
        row = await table.update_endpoint(connection, rules.to_row(form, present.endpoint_id, console))
    return rules.shown_once(row, console, secret=made)


@router.delete("/{endpoint}")
async def delete(console: Here, endpoint: Named) -> DeletedEndpoint:
    """Delete an endpoint and cancel what it is still owed. What was sent stays in the orders' timelines."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        cancelled = await table.delete_endpoint(connection, present.endpoint_id)
    return DeletedEndpoint(endpoint_id=present.endpoint_id, cancelled_callbacks=cancelled)


@router.post("/{endpoint}/rotate-secret")
async def rotate_secret(console: Here, endpoint: Named) -> RotatedSecret:
    """Sign with a new secret. The one before it signs too, until the next rotation: time to change over."""
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        said = rules.to_form(present, console)
        credentials, made = rules.rotated(said["credentials"], rules.dialect_of(present, console))
        form = NewEndpoint.model_validate(said | {"credentials": credentials})
        await table.update_endpoint(connection, rules.to_row(form, present.endpoint_id, console))
    return RotatedSecret(secret=made, note="calls carry both signatures, the new and the old, until the next rotation")


@router.post("/{endpoint}/test", status_code=202)
async def send_trial(
    console: Here,
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
    return StartedTest(callback_id=owed.callback_id, order_no=owed.order_no, event_type=owed.event_type)


@router.post("/{endpoint}/enable")
async def enable(console: Here, endpoint: Named) -> ShownEndpoint:
    """Send to it again; what waited is due at once, in order."""
    return await _set_state(console, endpoint, state="enabled", reason="")


@router.post("/{endpoint}/disable")
async def disable(console: Here, endpoint: Named, why: Reason | None = None) -> ShownEndpoint:
    """Send nothing until it is enabled again; callbacks that become owed wait."""
    reason = (why.reason if why else "") or "by an operator"
    return await _set_state(console, endpoint, state="disabled", reason=reason)


async def _set_state(console: Console, endpoint: str, *, state: str, reason: str) -> ShownEndpoint:
    async with console.pool.acquire() as connection, connection.transaction():
        present = await table.lock_endpoint(connection, endpoint)
        row = await table.set_endpoint_state(connection, present.endpoint_id, state=state, reason=reason)
    return rules.shown(row, console)
