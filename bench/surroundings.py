"""Where and of what a run was: the machine, what else it was doing, and the versions of what was measured."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from runtime.version import CODE_VERSION

_PACKAGES = ("aiokafka", "asyncpg", "granian", "httptools", "orjson", "pydantic")


async def surroundings(database: asyncpg.Connection, servers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """`machine` and `versions`. `servers`: what is known of Kafka's and Postgres' origin."""
    return {
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cores": psutil.cpu_count(),
            "usable_cores": len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else None,
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {
            "ticketwire": CODE_VERSION,
            "python": platform.python_version(),
            "postgres": await database.fetchval("SHOW server_version"),
            **servers,
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
