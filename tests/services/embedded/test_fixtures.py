"""What other tests build on: a Kafka that takes and gives records, a database of one's own."""

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_kafka_keeps_what_is_produced(kafka_bootstrap: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}raw"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, enable_idempotence=True, compression_type="zstd"
    ) as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka_bootstrap, group_id=f"{topic_prefix}group", auto_offset_reset="earliest"
    ) as consumer:
        record = await consumer.getone()
    assert (record.key, record.value) == (b"key", b"value")


async def test_a_database_has_the_schema_and_is_this_tests_own(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM schema_migrations") > 0
        await connection.execute("CREATE TABLE left_behind ()")
    finally:
        await connection.close()


async def test_a_database_is_not_the_one_of_the_test_before(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        assert await connection.fetchval("SELECT to_regclass('left_behind')") is None
    finally:
        await connection.close()
