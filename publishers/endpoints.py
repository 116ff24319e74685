"""The endpoints as this process knows them: the row, its dialect, its opened secrets and its policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dialects.contract import Outbound
from publishers.schedule import Policies, Policy
from runtime.errors import ConfigurationError
from runtime.logs import get_logger
from runtime.secret_box import SecretBox
from store.callbacks import EndpointWork, endpoints_by_id
from store.connection import Connection
from store.endpoints import Endpoint

log = get_logger()


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint ready to be called. `headers` are its own, for each call; names in lower case."""

    endpoint: Endpoint
    dialect: Outbound
    credentials: Mapping[str, Any]
    headers: Mapping[str, str]
    policy: Policy


class Endpoints:
    """Reads an endpoint anew whenever its `updated_at` has moved: a change counts from the next claim on.

    One that cannot be used here (secrets sealed with an unknown key, a dialect this version lacks) is held, with a
    warning: that is no fault of the partner and must use up no attempt.
    """

    def __init__(self, dialects: Mapping[str, Outbound], *, box: SecretBox, policies: Policies) -> None:
        self.with_context = [name for name, dialect in dialects.items() if dialect.takes_context]
        self._dialects = dialects
        self._box = box
        self._policies = policies
        self._rows: dict[UUID, Endpoint] = {}
        self._targets: dict[UUID, Target] = {}

    def get(self, endpoint_id: UUID) -> Target | None:
        """None: it cannot be used here."""
        return self._targets.get(endpoint_id)

    async def learn(self, connection: Connection, work: Sequence[EndpointWork]) -> None:
        """Read those that are new or changed."""
        stale = [item.endpoint_id for item in work if not self._knows(item)]
        if not stale:
            return
        for endpoint in await endpoints_by_id(connection, stale):
            self._rows[endpoint.endpoint_id] = endpoint
            self._targets.pop(endpoint.endpoint_id, None)
            target = self._target(endpoint)
            if target is not None:
                self._targets[endpoint.endpoint_id] = target

    def _knows(self, work: EndpointWork) -> bool:
        row = self._rows.get(work.endpoint_id)
        return row is not None and row.updated_at == work.updated_at

    def _target(self, endpoint: Endpoint) -> Target | None:
        dialect = self._dialects.get(endpoint.dialect)
        if dialect is None:
            log.warning("endpoint.held", endpoint=endpoint.name, reason=f"no dialect {endpoint.dialect!r} here")
            return None
        try:
            secrets = self._box.open(endpoint.secrets)
        except ConfigurationError as error:
            log.warning("endpoint.held", endpoint=endpoint.name, reason=error.message)
            return None
        return Target(
            endpoint,
            dialect,
            secrets.get("credentials", {}),
            {name.lower(): value for name, value in secrets.get("headers", {}).items()},
            self._policies.named(endpoint.policy),
        )
