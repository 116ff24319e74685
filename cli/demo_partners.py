"""The demo's partners: one simulated partner for each endpoint dialect, with an endpoint that calls it."""

import asyncio
import secrets
from collections.abc import Mapping

from cli.api_client import ApiClient, segment
from cli.partner_server import PartnerServer, Visit
from cli.sample_list import Sample
from dialects.registry import PARTNERS


class DemoPartners:
    """Partners come when the first sample that is told to them is about to be sent; `stop` ends them all."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._servers: dict[str, PartnerServer] = {}
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self, sample: Sample) -> None:
        """Store the sample's contexts, and let there be an endpoint for everyone whom it is told to."""
        contexts = {party: sample.context(party) for party in sample.contexts}
        if contexts:
            path = f"/orders/{segment(sample.order_no)}/context"
            await asyncio.to_thread(self._api.call, "PUT", path, body=contexts, query={"source": sample.source})
        async with self._one_at_a_time:
            for dialect in sample.told:
                if dialect not in self._servers:
                    await self._add(dialect)

    def endpoint(self, dialect: str) -> str:
        """The name of its endpoint."""
        return f"demo-{dialect}"

    async def wait_for(self, dialect: str, sample: Sample, *, webhook_id: str, seconds: float) -> Visit | None:
        """The call of this callback; None when none came in time. Where calls have no id it is known by its order."""
        known = {sample.order_no}
        if dialect in sample.contexts:
            known |= {value for value in sample.context(dialect).values() if isinstance(value, str)}
        server = self._servers[dialect]

        def found(visits: list[Visit]) -> Visit | None:
            ours = [visit for visit in visits if _is_it(visit, webhook_id, known)]
            return ours[-1] if ours else None

        await server.wait_for(lambda visits: found(visits) is not None, seconds=seconds)
        return found(server.visits)

    async def stop(self) -> None:
        """Take no more calls. Safe to repeat."""
        for server in self._servers.values():
            await server.stop()

    async def _add(self, dialect: str) -> None:
        server = PartnerServer(PARTNERS[dialect], secret=secrets.token_hex(16))
        await server.start()
        self._servers[dialect] = server
        form = {"name": self.endpoint(dialect), "url": server.url, "dialect": dialect}
        await asyncio.to_thread(self._api.post, "/endpoints", form | {"credentials": server.credentials})


def _is_it(visit: Visit, webhook_id: str, known: set[str]) -> bool:
    headers: Mapping[str, str] = visit.request.headers
    return headers["webhook-id"] == webhook_id if "webhook-id" in headers else visit.order in known
