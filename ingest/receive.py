"""One webhook's way in: limit, verify, wrap, send, reply."""

import time
from datetime import UTC, datetime
from typing import Protocol

from dialects.contract import (
    Accepted,
    Declined,
    InboundRequest,
    Malformed,
    NotAuthentic,
    Peeked,
    Proof,
    UnknownPath,
    UnsupportedMedia,
)
from ingest.declining import Decline
from ingest.limits import BodyReader, BytesInFlight, Patience
from ingest.sources import Source
from ingest.wrap import wrap
from runtime.errors import InvalidRequest, ServiceUnavailable
from runtime.exchange import Exchange
from runtime.metrics import ingest_send_seconds
from runtime.producer_lane import RecordHeaders
from runtime.settings import IngestSettings
from schemas.raw_event import RawEvent
from schemas.topics import raw_topic


class Producer(Protocol):
    """What durably stores a record: `runtime.producer.SupervisedProducer`."""

    async def send(self, topic: str, *, key: bytes, value: bytes, headers: RecordHeaders) -> None:
        """Return when it is stored; raise ServiceUnavailable or InvalidRequest."""


class Receiver:
    """The steps, with what they share."""

    def __init__(self, settings: IngestSettings, producer: Producer, *, topic_prefix: str) -> None:
        self.in_flight = BytesInFlight(settings.max_in_flight_bytes)
        self._patience = Patience()
        self._settings = settings
        self._producer = producer
        self._topic_prefix = topic_prefix

    async def receive(
        self, exchange: Exchange, path: str, source: Source
    ) -> tuple[Accepted | Declined, InboundRequest | None]:
        """Take one webhook, or decline it; Accepted only when Kafka has it. `path`: what follows `/in/{source}`.

        With the outcome comes the request, if it was read whole: some parties' answers depend on it.
        """
        whole: InboundRequest | None = None
        reader = BodyReader(
            self.in_flight,
            self._patience,
            max_body_bytes=self._settings.max_body_bytes,
            retry_after_seconds=self._settings.retry_after_seconds,
        )
        try:
            whole = await self._limit(exchange, path, source, reader)
            proof, peeked = _verify(whole, source)
            await self._send(wrap(whole, peeked, source, proof=proof))
        except Decline as declined:
            return declined.outcome, whole
        finally:
            reader.close()
        return Accepted(), whole

    async def _limit(self, exchange: Exchange, path: str, source: Source, reader: BodyReader) -> InboundRequest:
        received_at = datetime.now(UTC)
        if exchange.method != "POST":
            raise Decline(405, "use POST")
        if source.bucket is not None:
            wait = source.bucket.take(time.monotonic())
            if wait is not None:
                raise Decline(429, "the rate agreed for this source is exceeded", retry_after_seconds=wait)
        return InboundRequest(
            method=exchange.method,
            path=path,
            query=exchange.query,
            headers=exchange.headers,
            body=await reader.read(exchange),
            received_at=received_at,
        )

    async def _send(self, event: RawEvent) -> None:
        topic = raw_topic(self._topic_prefix, event.type)
        begun = time.perf_counter()
        try:
            await self._producer.send(topic, key=event.key, value=event.body, headers=event.to_headers())
        except InvalidRequest as error:
            raise Decline(413, "the body is larger than events may be") from error
        except ServiceUnavailable as error:
            wait = self._settings.retry_after_seconds
            raise Decline(503, "the event could not be stored; send it again", retry_after_seconds=wait) from error
        ingest_send_seconds.observe(time.perf_counter() - begun)


def _verify(request: InboundRequest, source: Source) -> tuple[Proof, Peeked]:
    try:
        return source.dialect.verify(request, source.verification), source.dialect.peek(request)
    except NotAuthentic as error:
        raise Decline(401, str(error)) from error
    except UnknownPath as error:
        raise Decline(404, str(error)) from error
    except UnsupportedMedia as error:
        raise Decline(415, str(error)) from error
    except Malformed as error:
        raise Decline(400, str(error)) from error
