"""Cut off: end a Kafka client that cannot end itself.

Its own `stop` waits for answers that may never come. Left behind, it would go on with its heartbeats and keep
partitions that nobody reads.
"""

import asyncio

from aiokafka import AIOKafkaConsumer

PATIENCE_SECONDS = 2.0


async def cut_off(client: AIOKafkaConsumer) -> None:
    """End its background tasks, then its connections. The group misses it after the session timeout at the latest."""
    coordinator, fetcher = client._coordinator, client._fetcher  # noqa: SLF001 - it has no public end but `stop`
    tasks: list[asyncio.Task[None]] = []
    if coordinator is not None:
        names = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")
        tasks += [task for name in names if (task := getattr(coordinator, name)) is not None]
    if fetcher is not None:
        tasks += [fetcher._fetch_task, *fetcher._pending_tasks]  # noqa: SLF001
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=PATIENCE_SECONDS)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # looked at, because asyncio logs a failure that nobody looked at
    closing = asyncio.ensure_future(client._client.close())  # noqa: SLF001
    await asyncio.wait({closing}, timeout=PATIENCE_SECONDS)
