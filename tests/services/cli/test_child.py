"""A service of `up` is ready when it says so itself."""

import os
from pathlib import Path

import pytest

from cli.child import Child, ChildPlan
from runtime.errors import ConfigurationError
from runtime.health import Health
from runtime.http_server import HttpServer


async def test_another_service_on_the_port_is_not_taken_for_it(tmp_path: Path) -> None:
    other = HttpServer(Health(), host="127.0.0.1", port=0)
    await other.start()
    plan = ChildPlan(
        name="console",
        words=("console",),
        environment={**os.environ, "TICKETWIRE_CONSOLE__PORT": str(other.port), "TICKETWIRE_ADMIN_TOKEN": ""},
        url=other.url,
        log=tmp_path / "console.log",
        folder=tmp_path,
    )
    child = Child(plan, talk=lambda _: None, changed=lambda: None)
    await child.start()
    try:
        with pytest.raises(ConfigurationError, match="refused to start"):
            await child.wait_ready()
    finally:
        await child.stop()
        await other.stop(1)
