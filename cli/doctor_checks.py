"""What the doctor looks at outside this process: Kafka, Postgres, the services, the clock, the disk."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from cli.findings import Finding, bad, mind, well
from cli.http_call import call
from cli.running import RunningUp
from runtime.errors import SchemaError, ServiceUnavailable, TicketwireError
from runtime.kafka_clients import ADMIN_TIMEOUT_MS, BROKER_UNREACHABLE, client_arguments
from runtime.settings import KafkaSettings, PostgresSettings
from schemas.topics import all_topics
from store.migrate import check_schema

OLDEST_POSTGRES = 14
LARGEST_CLOCK_DIFFERENCE_SECONDS = 2.0
LITTLE_DISK_BYTES = 2 * 1024**3
TOO_LITTLE_DISK_BYTES = 256 * 1024**2


async def look_at_kafka(settings: KafkaSettings) -> list[Finding]:
    """Whether the brokers answer, and our topics are as the settings want them."""
    try:
        admin = AIOKafkaAdminClient(request_timeout_ms=ADMIN_TIMEOUT_MS, **client_arguments(settings))
    except TicketwireError as error:
        return [bad("Kafka", error.message, error.hint)]
    try:
        await admin.start()
        brokers = (await admin.describe_cluster())["brokers"]
        present = set(await admin.list_topics())
        described = await admin.describe_topics([name for name in all_topics(settings.topic_prefix) if name in present])
    except BROKER_UNREACHABLE as error:
        cure = "check that the brokers run, and kafka.bootstrap_servers and its security settings"
        return [bad("Kafka", f"{settings.bootstrap_servers} cannot be asked: {type(error).__name__}", cure)]
    finally:
        await admin.close()
    first = well("Kafka", f"{len(brokers)} broker{'s' * (len(brokers) != 1)} at {settings.bootstrap_servers}")
    return [first, *_too_few(settings, len(brokers)), *_topics(settings, described)]


def _too_few(settings: KafkaSettings, brokers: int) -> list[Finding]:
    if settings.replication_factor <= brokers:
        return _on_one_broker(settings, brokers)
    what = f"{settings.replication_factor} replicas are wanted of {brokers} brokers"
    return [bad("Kafka", what, "lower kafka.replication_factor, or add brokers")]


def _on_one_broker(settings: KafkaSettings, brokers: int) -> list[Finding]:
    """Where there is one broker only, there is no choice."""
    if brokers < 2 or min(settings.replication_factor, settings.min_insync_replicas) >= 2:
        return []
    what = "an event may be accepted when one broker alone has it, and is lost with that broker's disk"
    cure = "set kafka.replication_factor 3 and kafka.min_insync_replicas 2; topics that are there keep theirs"
    return [mind("Kafka", what, cure)]


def _topics(settings: KafkaSettings, described: list[dict[str, Any]]) -> list[Finding]:
    there = {topic["topic"]: topic["partitions"] for topic in described if not topic["error_code"]}
    missing = [name for name in all_topics(settings.topic_prefix) if name not in there]
    found = []
    if missing:
        found.append(mind("topics", f"not there yet: {', '.join(missing)}", "ingest makes them when it starts"))
    for name, partitions in there.items():
        if headless := [part["partition"] for part in partitions if part["leader"] < 0]:
            found.append(bad("topics", f"{name}: partitions {headless} have no leader", "bring the brokers back"))
        elif any(len(part["isr"]) < settings.min_insync_replicas for part in partitions):
            cure = "bring brokers back: until then what ingest gets is answered 503"
            found.append(bad("topics", f"{name}: fewer replicas in sync than kafka.min_insync_replicas", cure))
    return found or [well("topics", f"all {len(there)} are there and have their leaders")]


async def look_at_postgres(settings: PostgresSettings) -> list[Finding]:
    """Whether the database answers, is new enough, has our schema, and has the time that we have."""
    try:
        connection = await asyncpg.connect(
            settings.dsn.get_secret_value(), timeout=settings.connect_timeout_seconds, command_timeout=10
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        cure = "check that Postgres runs, and the host, user, password and database in postgres.dsn"
        return [bad("Postgres", f"cannot connect: {type(error).__name__}", cure)]
    try:
        return [_version(connection), await _schema(connection), await _clock(connection)]
    finally:
        await connection.close()


def _version(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    version = connection.get_server_version()
    what = f"version {version.major}.{version.minor}"
    if version.major < OLDEST_POSTGRES:
        return bad("Postgres", what, f"use version {OLDEST_POSTGRES} or newer")
    return well("Postgres", what)


async def _schema(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    try:
        await check_schema(connection)
    except SchemaError as error:
        return bad("schema", error.message, error.hint)
    return well("schema", "up to date")


async def _clock(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    before = datetime.now(UTC)
    there = await connection.fetchval("SELECT clock_timestamp()")
    middle = before + (datetime.now(UTC) - before) / 2
    apart = abs((there - middle).total_seconds())
    what = f"this machine and Postgres are {apart:.3f} s apart"
    if apart > LARGEST_CLOCK_DIFFERENCE_SECONDS:
        return bad("clocks", what, "let both follow a time server (NTP): leases and signatures depend on it")
    return well("clocks", what)


async def look_at_services(running: RunningUp | None) -> list[Finding]:
    """Whether each service of the `up` that runs here is ready."""
    if running is None:
        return []
    return list(await asyncio.gather(*(asyncio.to_thread(_service, s.name, s.url) for s in running.services)))


def _service(name: str, url: str) -> Finding:
    try:
        status, answer = call("GET", f"{url}/readyz", timeout_seconds=3.0)
    except ServiceUnavailable:
        return bad("services", f"{name} does not answer", "look at its log")
    if status != 200:
        return bad("services", f"{name} is not ready: {answer.decode(errors='replace')[:200]}", "look at its log")
    return well("services", f"{name} is ready")


def look_at_disk(folder: Path) -> Finding:
    """Whether the disk of the data folder has room."""
    present = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(present).free
    what = f"{free / 1024**3:.1f} GiB free for {folder}"
    if free < TOO_LITTLE_DISK_BYTES:
        return bad("disk", what, "make room: Kafka and Postgres stop when the disk is full")
    if free < LITTLE_DISK_BYTES:
        return mind("disk", what, "make room, or shorten kafka.retention_hours")
    return well("disk", what)


async def all_looks(*looks: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """Every look, side by side."""
    found = await asyncio.gather(*(look() for look in looks))
    return [finding for part in found for finding in part]
