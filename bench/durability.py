"""That nothing was bought with durability: asked of the running system, after it has worked."""

from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import asyncpg
import standardwebhooks
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import MemoryRecords

from bench.events import SOURCE, ticketed
from runtime.errors import TicketwireError
from runtime.kafka_clients import client_arguments
from runtime.settings import KafkaSettings
from schemas.topics import EventType, raw_topic

_FETCH_BYTES = 256 * 1024
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")
_FLUSHES = """
SELECT coalesce(sum(io.fsyncs), 0)
FROM pg_stat_activity AS session, pg_stat_get_backend_io(session.pid) AS io
WHERE session.datname = current_database() AND session.application_name = $1 AND io.object = 'wal'
"""
_WRITERS = ("ticketwire processor ticketed", "ticketwire publisher")
_TELLS_FLUSHES = 18
"""Since this version Postgres tells them by session."""


class NotDurable(TicketwireError):
    """The system under test does less than it promises, and its figures say nothing."""

    code = "not-durable"


def must_hold(proofs: dict[str, Any]) -> None:
    """Raise NotDurable that names what does not hold."""
    wrong = [name for name, holds in proofs.items() if holds is False]
    if wrong:
        raise NotDurable(f"not as it must be: {', '.join(wrong)}", hint="figures without durability are not comparable")


async def postgres_proof(database: asyncpg.Connection) -> dict[str, Any]:
    """Postgres' settings; and that the services' sessions, which must be those that wrote, flushed the log themselves:
    one that asks for no synchronous commit leaves that to others. None: this Postgres does not tell."""
    settings: dict[str, Any] = {name: await database.fetchval(f"SHOW {name}") == "on" for name in _SETTINGS}
    flushed = None
    if database.get_server_version().major >= _TELLS_FLUSHES:
        flushed = all([await database.fetchval(_FLUSHES, writer) > 0 for writer in _WRITERS])
    return {**settings, "sessions_flush_their_commits": flushed}


async def kafka_proof(settings: KafkaSettings) -> dict[str, Any]:
    """That every batch of a stretch of the topic was written by an idempotent producer, which its number tells; our
    client gives one only with acks=all, and refuses otherwise."""
    producers = await _producer_ids(settings, raw_topic(settings.topic_prefix, EventType.TICKETED))
    return {"idempotent_and_acks_all": bool(producers) and min(producers) >= 0, "batches_looked_at": len(producers)}


def signature_proof(*, ingest: str, example: str, secret: str) -> dict[str, Any]:
    """That ingest refuses an event that is not signed, and that the callback the receiver got verifies."""
    return {"unsigned_is_refused": _refused(ingest), "callback_is_signed": _verifies(example, secret)}


async def _producer_ids(settings: KafkaSettings, topic: str) -> list[int]:
    client: Any = AIOKafkaClient(**client_arguments(settings))
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        await client.force_metadata_update()
        found: list[int] = []
        for partition in sorted(client.cluster.partitions_for_topic(topic) or ()):
            leader = client.cluster.leader_for_partition(TopicPartition(topic, partition))
            fetch = FetchRequest(0, 0, _FETCH_BYTES, 0, [(topic, [(partition, 0, _FETCH_BYTES)])])
            answer = await client.send(leader, fetch)
            found += _ids(answer.topics[0][1][0][-1])
        return found
    finally:
        await client.close()


def _ids(message_set: bytes) -> list[int]:
    records: Any = MemoryRecords(message_set)
    found = []
    while records.has_next():
        found.append(int(records.next_batch().producer_id))
    return found


def _refused(ingest: str) -> bool:
    request = Request(  # noqa: S310 - the address of the system under test
        f"{ingest}/in/{SOURCE}", data=ticketed("unsigned", 0), headers={"content-type": "application/json"}
    )
    try:
        with urlopen(request, timeout=10):  # noqa: S310 - as above
            return False
    except HTTPError as error:
        return error.code == 401


def _verifies(example: str, secret: str) -> bool:
    head, _, body = example.partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    try:
        standardwebhooks.Webhook(secret).verify(body.encode("latin-1"), headers)
    except standardwebhooks.WebhookVerificationError:
        return False
    return True
