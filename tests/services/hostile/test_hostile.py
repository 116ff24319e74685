"""A seeded sample of what `make fuzz` asks by the hundred thousand."""

import asyncio

from tests.hostile.described import hold_to_document
from tests.hostile.manners import crowded, misbehave
from tests.hostile.stand import TOKEN, Stand
from tests.hostile.storm import Tally, storm
from tests.hostile.wire import GOOD_WITHIN_SECONDS, send_raw

SEED = "sample"


async def test_spoilt_calls_get_their_contracts_own_answers(stand: Stand, tally: Tally) -> None:
    await storm(stand.ingest.port, stand.ingest_cases.draw, cases=2000, seed=SEED, tally=tally)
    kinds = {kind for kind, _ in tally.counts}
    assert kinds == {"document", "proven", "chunked", "media", "headers", "path", "method", "nobody"}
    assert {status for _, status in tally.counts} == {"2xx", "4xx"}


async def test_the_console_refuses_rubbish_in_the_one_form(stand: Stand, tally: Tally) -> None:
    await storm(stand.console.port, stand.console_cases.draw, cases=600, seed=SEED, tally=tally)
    assert {status for _, status in tally.counts} == {"2xx", "4xx"}


async def test_the_console_keeps_to_its_own_document(stand: Stand, tally: Tally) -> None:
    url = f"http://127.0.0.1:{stand.console.port}"
    await asyncio.to_thread(hold_to_document, url, TOKEN, cases=100, seeded=1, tally=tally)
    assert {status for _, status in tally.counts} == {"2xx", "4xx"}


async def test_what_is_no_http_is_refused_and_the_next_request_is_answered(stand: Stand, tally: Tally) -> None:
    for door in stand.doors:
        await send_raw(door, tally)
        await misbehave(door, tally)


async def test_slow_clients_starve_nobody(stand: Stand, tally: Tally) -> None:
    for door in stand.doors:
        assert await crowded(door, tally, clients=100, questions=5) < GOOD_WITHIN_SECONDS
