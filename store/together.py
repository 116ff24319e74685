"""Statements that do not depend on each other, sent to Postgres as one.

The way there and back costs more than the rows of a small batch do, and the orders stay locked meanwhile.
"""

import re
from functools import cache
from typing import Any

from store.connection import Connection

_PLACEHOLDER = re.compile(r"\$(\d+)")


class Together:
    """Collects statements until `send`. They come to be in no certain order, and each sees the rows as they were before
    all of them, so none may read or write what another writes (PostgreSQL 18, 7.8.4 "Data-Modifying Statements in
    WITH")."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._arguments: list[Any] = []

    async def execute(self, query: str, /, *args: Any) -> None:
        """Keep an INSERT, UPDATE or DELETE for `send`. It may begin with a WITH that only reads."""
        self._statements.append(query)
        self._arguments += args

    async def send(self, connection: Connection) -> None:
        """Do all that was kept, once; raises what any of it would raise."""
        if self._statements:
            await connection.execute(_joined(tuple(self._statements)), *self._arguments)


@cache
def _joined(statements: tuple[str, ...]) -> str:
    """One statement; the arguments of each follow those of the one before."""
    parts, before = [], 0
    for number, text in enumerate(statements):
        places = [int(place) for place in _PLACEHOLDER.findall(text)]
        moved = _PLACEHOLDER.sub(lambda found, before=before: f"${int(found[1]) + before}", text)  # type: ignore[misc]
        parts.append(f"part_{number} AS (\n{moved}\n)")
        before += max(places, default=0)
    return f"WITH {', '.join(parts)} SELECT"
