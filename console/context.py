"""What every call of the API works with; made once by the application, never global."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import asyncpg
from fastapi import Depends, Request

from runtime.secret_box import SecretBox
from runtime.settings import Settings

BUILT_IN_POLICIES = frozenset({"void", "standard"})
"""The policies that need no configuration (DESIGN §2 rule 6)."""


class Dialect(Protocol):
    """As much as the console needs to know of a party that is told."""

    @property
    def event_types(self) -> frozenset[str]:
        """Canonical types that have a wire form in this dialect."""

    @property
    def takes_context(self) -> bool:
        """Whether its calls depend on the order's context."""

    @property
    def only_named(self) -> bool:
        """Whether its endpoints hear only of orders whose context names the party."""

    def check_context(self, context: Mapping[str, Any]) -> list[str]:
        """What is wrong with an order's context for this party, a sentence for each field."""

    def check_credentials(self, credentials: Mapping[str, Any]) -> list[str]:
        """What is wrong with these credentials, a sentence each; empty when they will do."""


@dataclass(frozen=True, slots=True)
class Console:
    """`dialects` by name: those that an endpoint may speak."""

    settings: Settings
    pool: asyncpg.Pool
    box: SecretBox
    dialects: Mapping[str, Dialect]

    @property
    def policies(self) -> frozenset[str]:
        """Names of all retry policies."""
        return BUILT_IN_POLICIES | self.settings.policies.keys()


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


Here = Annotated[Console, Depends(_console)]
