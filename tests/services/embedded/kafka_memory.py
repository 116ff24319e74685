"""Telling a Kafka something, and asking for all it was told."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from embedded.kafka import EmbeddedKafka
from embedded.server import EmbeddedServer

TOPIC = "memory"


async def write(server: EmbeddedServer, word: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address(server))
    await admin.start()
    if TOPIC not in await admin.list_topics():
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=address(server), acks="all") as producer:
        await producer.send_and_wait(TOPIC, word.encode(), partition=0)


async def read(server: EmbeddedServer) -> list[str]:
    partition = TopicPartition(TOPIC, 0)
    async with AIOKafkaConsumer(bootstrap_servers=address(server), auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value.decode() for _ in range(end)]


def address(server: EmbeddedServer) -> str:
    assert isinstance(server, EmbeddedKafka)
    return server.bootstrap_servers
