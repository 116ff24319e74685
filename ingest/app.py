"""The HTTP face of ingest: which request is whose, the answer on the wire, and what is counted and logged of it."""

from collections.abc import Mapping

from dialects import json_reply
from dialects.contract import Accepted, Declined, Reply
from ingest.receive import Receiver
from ingest.sources import Source
from runtime.exchange import Exchange
from runtime.health import PATHS, Health
from runtime.logs import get_logger
from runtime.metrics import ingest_in_flight_bytes, ingest_requests

log = get_logger()

UNKNOWN_SOURCE = "unknown"
"""The metrics' label for requests that name no configured source: what strangers write must not become labels."""


class IngestApp:
    """POST /in/{source}…, and the health paths."""

    def __init__(self, receiver: Receiver, sources: Mapping[str, Source], health: Health) -> None:
        self._receiver = receiver
        self._sources = sources
        self._health = health
        self._counters = {
            (name, 200): ingest_requests.labels(source=name, status="200") for name in (*sources, UNKNOWN_SOURCE)
        }
        ingest_in_flight_bytes.set_function(lambda: receiver.in_flight.now)

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        path = exchange.path
        if path in PATHS:
            page = await self._health.page(exchange.method, path)
            exchange.answer(page.status, page.headers, page.body)
            return
        name, rest = _source_and_rest(path)
        source = self._sources.get(name)
        if source is None:
            outcome: Accepted | Declined = Declined(404, "no such path")
            reply = json_reply.reply(outcome, None)
        else:
            outcome, reply = await self._take(exchange, rest, source)
        self._note(source, outcome)
        _answer(exchange, reply)

    async def _take(self, exchange: Exchange, path: str, source: Source) -> tuple[Accepted | Declined, Reply]:
        try:
            outcome, whole = await self._receiver.receive(exchange, path, source)
        except Exception as error:
            log.exception("ingest.failed", source=source.name, error=type(error).__name__)
            outcome, whole = Declined(500, "the event was not taken, by a fault of ours; send it again"), None
        return outcome, source.dialect.reply(outcome, whole)

    def _note(self, source: Source | None, outcome: Accepted | Declined) -> None:
        """Count every request; log those that were not accepted (a line per event would cost a quarter of the rate)."""
        name = source.name if source is not None else UNKNOWN_SOURCE
        status = outcome.status if isinstance(outcome, Declined) else 200
        counter = self._counters.get((name, status))
        if counter is None:
            counter = ingest_requests.labels(source=name, status=str(status))
            self._counters[name, status] = counter
        counter.inc()
        if isinstance(outcome, Declined):
            log.info("ingest.declined", source=name, status=status, reason=outcome.text)


def _source_and_rest(path: str) -> tuple[str, str]:
    """Split `/in/{source}/rest`; a path that is not below `/in/` has an empty source, which is none."""
    if not path.startswith("/in/"):
        return "", ""
    name, slash, rest = path.removeprefix("/in/").partition("/")
    return name, slash + rest


def _answer(exchange: Exchange, reply: Reply) -> None:
    headers = [("content-type", reply.content_type), *reply.headers.items()]
    if reply.status == 405:
        headers.append(("allow", "POST"))
    exchange.answer(reply.status, headers, reply.body)
