"""The embedded Kafka behaves as Ticketwire's settings for a real one say."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from embedded.kafka import EmbeddedKafka
from runtime.errors import EmbeddedError
from tests.services.conftest import OwnKafka

EIGHT_MEBIBYTES = 8 * 1024 * 1024


@pytest_asyncio.fixture
async def admin(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


async def test_it_makes_no_topic_by_itself(admin: AIOKafkaAdminClient) -> None:
    answers: list[Any] = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    settings = {name: value for answer in answers for *_, entries in answer.resources for name, value, *_ in entries}
    assert settings["auto.create.topics.enable"] == "false"


async def test_it_takes_large_records(admin: AIOKafkaAdminClient, kafka_bootstrap: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}large"
    await admin.create_topics([NewTopic(topic, 1, 1)])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, max_request_size=2 * EIGHT_MEBIBYTES) as producer:
        assert (await producer.send_and_wait(topic, bytes(EIGHT_MEBIBYTES))).offset == 0


async def test_it_takes_transactions_and_groups(
    admin: AIOKafkaAdminClient, kafka_bootstrap: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}bookings"
    await admin.create_topics([NewTopic(topic, 2, 1)])
    teller = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, transactional_id=f"{topic_prefix}teller")
    async with teller, teller.transaction():
        await teller.send_and_wait(topic, b"value")
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_bootstrap,
        group_id=f"{topic_prefix}readers",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        assert (await consumer.getone()).value == b"value"
        await consumer.commit()


async def test_a_failed_start_quotes_the_log(own_kafka: OwnKafka) -> None:
    with pytest.raises(EmbeddedError, match="Kafka's storage tool ended with exit code 1") as caught:
        await own_kafka(extra_settings={"log.retention.ms": "soon"})
    assert "log.retention.ms" in caught.value.hint


def test_an_address_is_known_only_once_started(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="has not been started"):
        _ = EmbeddedKafka(tmp_path).bootstrap_servers
