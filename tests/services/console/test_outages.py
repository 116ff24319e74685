"""The console's process outlives Postgres: it says so meanwhile, and needs no restart."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from cli.ports import Ports
from runtime.secret_box import new_key
from store.migrate import migrate
from tests.services.cli.hub_process import environment
from tests.services.conftest import OwnPostgres
from tests.waiting import until

pytestmark = pytest.mark.services

TOKEN = "token-of-this-test"


async def status(client: Client, url: str) -> int | None:
    try:
        return (await client.get(url).bearer_auth(TOKEN).build().send()).status
    except PyreqwestError:
        return None


async def test_postgres_may_be_away_at_the_start_and_in_between(own_postgres: OwnPostgres, tmp_path: Path) -> None:
    postgres = await own_postgres()
    await migrate(postgres.dsn)
    await postgres.stop()
    port = Ports().free("127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "console"),
        cwd=tmp_path,
        env=environment(
            TICKETWIRE_CONSOLE__PORT=str(port),
            TICKETWIRE_ADMIN_TOKEN=TOKEN,
            TICKETWIRE_ENCRYPTION_KEYS=f'["{new_key()}"]',
            TICKETWIRE_POSTGRES__DSN=postgres.dsn,
        ),
        stderr=asyncio.subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{port}"
    async with ClientBuilder().no_proxy().build() as client:

        async def answers(api: int, ready: int) -> Any:
            found = (await status(client, f"{url}/api/v1/status"), await status(client, f"{url}/readyz"))
            return found if found == (api, ready) else None

        await until(lambda: answers(503, 503), what="a console without Postgres")
        await postgres.start()
        await until(lambda: answers(200, 200), what="a console with Postgres")
        postgres.kill()
        await postgres.wait()
        await until(lambda: answers(503, 503), what="a console that lost Postgres")
        assert await status(client, f"{url}/livez") == 200
        await postgres.restart()
        await until(lambda: answers(200, 200), what="a console that has Postgres again")
    process.terminate()
    _, said = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in said
