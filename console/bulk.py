"""What is asked of many things at once: looked at first if wanted, else handed to a replayer as a run."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from console.runs import ShownRun, show_run
from console.texts import LongText
from store.connection import Connection
from store.operator_actions import OperatorAction, note_actions
from store.runs import request_run


class Bulk(BaseModel):
    """Said of every such wish."""

    model_config = ConfigDict(extra="forbid")

    preview: bool = Field(False, description="only say what is meant; nothing is done")
    reason: LongText = Field("", description="why, for whoever looks later")


class PacedBulk(Bulk):
    rate: float | None = Field(
        None, ge=0, le=1_000_000, description="in a second; 0: no limit; none: the replayer's setting"
    )


def or_asked_for(form: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """For a route's document: beside 200, which is a preview, the 202 of `ask_run`, in the same form."""
    return {202: {"model": form, "description": "asked for: a replayer carries it out"}}


async def ask_run(
    connection: Connection, who: str, kind: str, asked: Mapping[str, Any], *, reason: str, response: Response
) -> ShownRun:
    """Ask for a run, note who did, and answer 202. In a transaction."""
    run = await request_run(connection, kind=kind, asked=asked, actor=who, reason=reason)
    deed = OperatorAction(
        actor=who,
        action=kind,
        subject="run",
        subject_id=str(run.run_id),
        reason=reason,
        details=asked,
        run_id=run.run_id,
    )
    await note_actions(connection, [deed])
    response.status_code = 202
    return show_run(run)
