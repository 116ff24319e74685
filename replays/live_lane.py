"""Live events go first: while the processors have records waiting and work on them, runs wait.

The lag is seen from outside, as anybody may see it: what the groups have committed, against where the topics end.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from processors.registry import PROCESSORS
from runtime.kafka_clients import ADMIN_TIMEOUT_MS, BROKER_UNREACHABLE, client_arguments
from runtime.logs import get_logger
from runtime.settings import KafkaSettings
from schemas.topics import processor_group, raw_topic

LOOK_SECONDS = 1.0
FLAT_LAG_RECORDS = 250
"""What a batch under way leaves uncommitted is no lag: that much may wait without anybody being late."""
STANDING_SECONDS = 2.0
"""Groups that commit nothing for so long stand still, for a reason that our waiting does not cure."""
LONGEST_WAIT_SECONDS = 5.0
"""For one batch of a run. Under a load that never ends runs go on slowly; they do not stand still."""

log = get_logger()


class LiveLane:
    """Looks at the live groups at most once in `LOOK_SECONDS`. Without Kafka nothing is live, and nothing waits."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._groups = {
            processor_group(settings.topic_prefix, processor.name): raw_topic(
                settings.topic_prefix, processor.event_type
            )
            for processor in PROCESSORS.values()
        }
        self._open = AsyncExitStack()
        self._clients: tuple[AIOKafkaAdminClient, AIOKafkaConsumer] | None = None
        self._looked_at = float("-inf")
        self._standing: int | None = None

    async def let_live_go_first(self, check: Callable[[], None]) -> None:
        """Wait while live events lag and are being worked on. Groups that stand still are not waited for: the reason
        may be what the run is to mend. `check` may raise, to end the waiting."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        moved_at = time.monotonic()
        deadline = moved_at + LONGEST_WAIT_SECONDS
        lag, done = await self._look()
        while lag > FLAT_LAG_RECORDS and done != self._standing and time.monotonic() < deadline:
            check()
            await asyncio.sleep(LOOK_SECONDS / 4)
            before = done
            lag, done = await self._look()
            if done != before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STANDING_SECONDS:
                self._standing = done
        self._looked_at = time.monotonic()

    async def close(self) -> None:
        """Safe to repeat."""
        self._clients = None
        await self._open.aclose()

    async def _look(self) -> tuple[int, int]:
        """Records that wait for live groups, and how far these have come, in all."""
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                return await self._lag()
        except BROKER_UNREACHABLE as error:
            log.info("lane.not_seen", error=type(error).__name__)
            await self.close()
            return 0, 0

    async def _lag(self) -> tuple[int, int]:
        admin, client = await self._connected()
        committed: dict[TopicPartition, int] = {}
        for group, topic in self._groups.items():
            offsets = await admin.list_consumer_group_offsets(group)
            committed |= {place: told.offset for place, told in offsets.items() if place.topic == topic}
        ends = await client.end_offsets(list(committed)) if committed else {}
        return sum(max(0, ends[place] - offset) for place, offset in committed.items()), sum(committed.values())

    async def _connected(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._clients is None:
            arguments = client_arguments(self._settings) | {"client_id": "ticketwire-replayer-lane"}
            admin = AIOKafkaAdminClient(request_timeout_ms=ADMIN_TIMEOUT_MS, **arguments)
            self._open.push_async_callback(admin.close)
            await admin.start()
            client = AIOKafkaConsumer(group_id=None, enable_auto_commit=False, **arguments)
            self._open.push_async_callback(client.stop)
            await client.start()
            self._clients = admin, client
        return self._clients
