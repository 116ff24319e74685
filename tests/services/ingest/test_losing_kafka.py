"""Without Kafka the answer is 503, at once and never 200; when it comes back, nothing needs a restart."""

import asyncio
import os
import signal
import time
from collections import Counter

from aiokafka.errors import OutOfOrderSequenceNumber

from tests.services.conftest import OwnKafka
from tests.services.ingest.hub import answered, get, order, records, request, running, settings
from tests.waiting import until

ANSWERED_WITHIN_SECONDS = 2.0


async def test_kafka_killed_is_503_and_kafka_back_is_200(own_kafka: OwnKafka, topic_prefix: str) -> None:
    kafka = await own_kafka()
    async with running(settings(kafka.bootstrap_servers, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        assert (await get(service, "/readyz"))[0] == 200

        kafka.kill()
        await kafka.wait()
        begun = time.monotonic()
        statuses = Counter([(await request(port, order(f"lost-{number}"))).status for number in range(5)])
        assert statuses == {503: 5}
        assert time.monotonic() - begun < ANSWERED_WITHIN_SECONDS + 1
        answer = await request(port, order("lost"))
        assert answer.headers["retry-after"] == "2"
        status, reasons = await get(service, "/readyz")
        assert (status, "kafka" in reasons) == (503, True)
        assert (await get(service, "/livez"))[0] == 200

        await kafka.restart()
        await answered(port, when=lambda status: status == 200)
        assert (await get(service, "/readyz"))[0] == 200
        accepted = await request(port, order("after"))
        assert accepted.status == 200
        assert b"after" in [record.key for record in await records(kafka.bootstrap_servers, topic_prefix)]


async def test_under_load_every_200_is_stored_though_kafka_is_killed(own_kafka: OwnKafka, topic_prefix: str) -> None:
    kafka = await own_kafka()
    accepted: list[bytes] = []
    slowest = 0.0
    enough = asyncio.Event()

    async def send(name: str, port: int) -> None:
        nonlocal slowest
        number = 0
        while not enough.is_set():
            number += 1
            begun = time.monotonic()
            answer = await request(port, order(f"{name}-{number}"))
            slowest = max(slowest, time.monotonic() - begun)
            assert answer.status in {200, 503}
            if answer.status == 200:
                accepted.append(f"{name}-{number}".encode())

    async with running(settings(kafka.bootstrap_servers, topic_prefix)) as service:
        senders = [asyncio.create_task(send(f"s{number}", service.server.port)) for number in range(16)]
        await until(lambda: len(accepted) > 200)
        kafka.kill()
        await kafka.wait()
        await kafka.restart()
        before = len(accepted)
        await until(lambda: len(accepted) > before + 200)
        enough.set()
        await asyncio.gather(*senders)
    stored = {record.key for record in await records(kafka.bootstrap_servers, topic_prefix)}
    assert set(accepted) <= stored
    assert slowest < ANSWERED_WITHIN_SECONDS + 0.5


async def test_ingest_starts_without_kafka_and_needs_no_restart_when_it_comes(
    own_kafka: OwnKafka, topic_prefix: str
) -> None:
    kafka = await own_kafka()
    await kafka.stop()
    async with running(settings(kafka.bootstrap_servers, topic_prefix)) as service:
        assert (await request(service.server.port, order("1"))).status == 503
        await kafka.start()
        await answered(service.server.port, when=lambda status: status == 200)


async def test_a_fatal_producer_error_costs_no_request(kafka_bootstrap: str, topic_prefix: str) -> None:
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        broken = service.producer._producer
        assert broken is not None
        broken._message_accumulator.fail_all(OutOfOrderSequenceNumber())
        assert (await request(port, order("after-fatal"))).status == 200
        assert service.producer._producer is not broken
        assert [record.key for record in await records(kafka_bootstrap, topic_prefix)].count(b"after-fatal") == 1


async def test_a_sender_that_died_is_replaced(kafka_bootstrap: str, topic_prefix: str) -> None:
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        broken = service.producer._producer
        assert broken is not None
        broken._sender.sender_task.cancel()
        await until(lambda: service.producer._producer not in {broken, None})
        assert (await request(port, order("after-death"))).status == 200


async def test_what_waits_for_kafka_is_bounded(own_kafka: OwnKafka, topic_prefix: str) -> None:
    kafka = await own_kafka()
    bound = 2 * 1024 * 1024
    async with running(settings(kafka.bootstrap_servers, topic_prefix, max_in_flight_bytes=bound)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        os.kill(kafka.pid, signal.SIGSTOP)
        try:
            sent = [asyncio.create_task(request(port, order(f"b{n}", pad="x" * 200_000))) for n in range(40)]
            await until(lambda: sum(task.done() for task in sent) >= 30)
            assert bound / 2 < service.receiver.in_flight.now <= bound
            answers = await asyncio.gather(*sent)
        finally:
            os.kill(kafka.pid, signal.SIGCONT)
        assert {answer.status for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"2"}
        assert service.receiver.in_flight.now == 0
        await answered(port, when=lambda status: status == 200)


async def test_a_producer_that_delivers_nothing_is_replaced_though_the_brokers_answer(
    kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with running(settings(kafka_bootstrap, topic_prefix)) as service:
        port = service.server.port
        await answered(port, when=lambda status: status == 200)
        stuck = service.producer._producer
        assert stuck is not None
        await until(lambda: not stuck._sender._in_flight)  # the answered request counts until the next one may begin
        # To its sender every broker is busy with a request, for ever.
        stuck._sender._in_flight.update(broker.nodeId for broker in stuck.client.cluster.brokers())
        begun = time.monotonic()
        answers = await asyncio.gather(*(request(port, order(f"n{number}")) for number in range(30)))
        assert {answer.status for answer in answers} == {503}
        assert time.monotonic() - begun < ANSWERED_WITHIN_SECONDS + 0.5
        await answered(port, when=lambda status: status == 200)
        assert service.producer._producer is not stuck
