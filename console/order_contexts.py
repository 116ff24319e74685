"""/api/v1/orders/{order_no}/context: what a webhook does not carry and a partner needs, by party."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from console.actor import Who
from console.context import Console, Here
from console.names import did_you_mean
from console.order_lookup import OrderNo
from console.texts import Text
from runtime.errors import InvalidRequest
from schemas.wire_forms import WireForm
from store.contexts import get_contexts, put_contexts
from store.operator_actions import OperatorAction, note_actions

router = APIRouter(prefix="/orders", tags=["orders"])

Source = Annotated[
    Text | None, Query(description="only for this source's order; without it, whichever source the order comes from")
]
Contexts = Annotated[
    dict[Text, dict[str, Any]],
    Body(description="by party (an endpoint dialect); replaces all of this source's", max_length=50),
]


class ShownContext(BaseModel):
    """Prices, contacts and collection passwords stay inside: only which fields are set is shown."""

    party: str
    source: str = Field(description="empty: whichever source")
    fields: list[str]
    updated_at: datetime


class ShownContexts(BaseModel):
    order_no: str
    contexts: list[ShownContext]


# Order numbers may hold slashes: these paths must come before the order's own.
@router.put("/{order_no:path}/context")
async def put(console: Here, who: Who, order_no: OrderNo, contexts: Contexts, source: Source = None) -> ShownContexts:
    """Store the order's context. Callbacks that waited for it become due; channels it names are told what holds.

    The order need not be known yet. Every wrong or missing field is named, and then nothing is stored.
    """
    _check(console, contexts)
    forms = {name: WireForm(dialect.event_types, dialect.only_named) for name, dialect in console.dialects.items()}
    async with console.pool.acquire() as connection, connection.transaction():
        orders = await put_contexts(connection, order_no, contexts, source=source or "", forms=forms)
        concerned: list[UUID | None] = [*orders] or [None]
        deeds = [
            OperatorAction(
                actor=who,
                action="store",
                subject="context",
                subject_id=order_no,
                order_id=order,
                details={"source": source or "", "parties": sorted(contexts)},
            )
            for order in concerned
        ]
        await note_actions(connection, deeds)
    return await get(console, order_no)


@router.get("/{order_no:path}/context")
async def get(console: Here, order_no: OrderNo) -> ShownContexts:
    """Which parties the order's context names, and which fields are set."""
    async with console.pool.acquire() as connection:
        found = await get_contexts(connection, order_no)
    shown = [
        ShownContext(party=c.party, source=c.source, fields=sorted(c.context), updated_at=c.updated_at) for c in found
    ]
    return ShownContexts(order_no=order_no, contexts=shown)


def _check(console: Console, contexts: Mapping[str, Mapping[str, Any]]) -> None:
    parties = {name: dialect for name, dialect in console.dialects.items() if dialect.takes_context}
    problems = []
    for party, context in contexts.items():
        if party not in parties:
            raise InvalidRequest(f"no party {party!r} takes an order's context", hint=did_you_mean(party, parties))
        problems += [f"{party}: {problem}" for problem in parties[party].check_context(context)]
    if problems:
        raise InvalidRequest("; ".join(problems), hint='nothing was stored; see docs/add-a-partner.md, "Context"')
