"""Export: parked events onto Kafka's own kind of dead letter topic, for tools that know those. The list stays as it is.

Key, value, headers and time are the original's; six headers say where it lay and why it failed, in Kafka's own words
(KIP-1191). At least once: after a kill, the batch under way is written again.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from replays.runner import Control
from runtime.errors import ConfigurationError
from runtime.kafka_clients import MAX_MESSAGE_BYTES, client_arguments, ensure_topics
from runtime.settings import KafkaSettings
from schemas.parked_selection import ParkedSelection
from schemas.raw_event import UnusableRecord, from_record
from schemas.topics import dead_letter_topic, processor_group
from store.redrives import ParkedRecord, Place, read_page, summarise
from store.runs import Run

BATCH = 200
STOP_SECONDS = 5.0
_PREFIX = "__dlq.errors."


@dataclass(slots=True)
class Progress:
    """How far an export is. `after` is where the last page ended; `topics`: records by the topic they went to."""

    of: int
    done: int
    topics: dict[str, int]
    after: Place | None = None


class ExportTask:
    """`replays.runner.Task`; asked: `{"selection"}`. The result counts the records by topic."""

    kind = "export"

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        selection = ParkedSelection.model_validate(run.asked["selection"])
        async with control.pool.acquire() as connection:
            number = (await summarise(connection, selection))["number"]
        progress = Progress(**run.progress) if run.progress else Progress(number, 0, {})
        producer = AIOKafkaProducer(
            enable_idempotence=True,
            compression_type="zstd",
            max_request_size=MAX_MESSAGE_BYTES,
            **client_arguments(self._settings),
        )
        await producer.start()
        try:
            while records := await self._page(selection, progress, run, control):
                await self._write(producer, records, progress)
                await control.checkpoint(asdict(progress))
                await control.pace(len(records))
        finally:
            with contextlib.suppress(
                TimeoutError
            ):  # without brokers it would wait for them; what matters is acknowledged
                async with asyncio.timeout(STOP_SECONDS):
                    await producer.stop()
        return {"exported": progress.done, "topics": progress.topics}

    async def _page(
        self, selection: ParkedSelection, progress: Progress, run: Run, control: Control
    ) -> list[ParkedRecord]:
        async with control.pool.acquire() as connection:
            return await read_page(connection, selection, parked_by=run.requested_at, after=progress.after, limit=BATCH)

    async def _write(self, producer: AIOKafkaProducer, records: Sequence[ParkedRecord], progress: Progress) -> None:
        """Return when the brokers have all of them."""
        group = processor_group(self._settings.topic_prefix, records[0].processor)
        topics = [dead_letter_topic(record.topic, group) for record in records]
        await ensure_topics(self._settings, set(topics) - progress.topics.keys(), keep_forever=True)
        sent = []
        for topic, record in zip(topics, records, strict=True):
            try:
                sent.append(await _send(producer, topic, record, group))
            except MessageSizeTooLargeError as error:
                raise ConfigurationError(
                    f"topic {topic} takes no record of {len(record.value or b'')} bytes",
                    hint=f"raise its max.message.bytes to {MAX_MESSAGE_BYTES}, then export again",
                ) from error
        for acknowledged in sent:
            await acknowledged
        for topic in topics:
            progress.topics[topic] = progress.topics.get(topic, 0) + 1
        progress.done += len(records)
        progress.after = records[-1].place


async def _send(producer: AIOKafkaProducer, topic: str, record: ParkedRecord, group: str) -> Any:
    # The client writes no record without both; nothing else can be done with an empty one than to see that it is.
    value = b"" if record.key is None and record.value is None else record.value
    headers = [*record.headers, *error_headers(record, group)]
    return await producer.send(topic, value, key=record.key, headers=headers, timestamp_ms=_timestamp(record))


def error_headers(record: ParkedRecord, group: str) -> list[tuple[str, bytes]]:
    """Kafka's own six, in UTF-8."""
    said = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "group": group,
        "delivery.count": record.redrive_count + 1,
        "message": f"{record.reason}: {record.detail}",
    }
    return [(_PREFIX + name, str(value).encode()) for name, value in said.items()]


def _timestamp(record: ParkedRecord) -> int:
    """The record's own; where none was kept, when ingest took it, or when it was parked: the best that is known."""
    if record.timestamp is not None:
        return record.timestamp
    try:
        moment = from_record(key=record.key, value=record.value, headers=record.headers).time
    except UnusableRecord:
        moment = record.parked_at
    return int(moment.timestamp() * 1000)
