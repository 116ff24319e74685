"""A publisher as a real process, to be killed: `python -m tests.services.publishers.process`, settings from outside."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from publishers.main import run
from runtime.event_loop import run_service
from runtime.logs import configure_logs
from runtime.settings import Settings, load_settings


@contextmanager
def publisher_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Start one; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.services.publishers.process"],
        env=os.environ | environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """These settings as the environment of a process."""
    return {
        "TICKETWIRE_POSTGRES__DSN": settings.postgres.dsn.get_secret_value(),
        "TICKETWIRE_ENCRYPTION_KEYS": json.dumps([key.get_secret_value() for key in settings.encryption_keys]),
        "TICKETWIRE_POLICIES": json.dumps({name: p.model_dump(mode="json") for name, p in settings.policies.items()}),
        **{
            f"TICKETWIRE_PUBLISHER__{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in settings.publisher.model_dump(mode="json").items()
        },
    }


def main() -> None:
    configure_logs(service="publisher", format_="json")
    run_service(run(load_settings()))


if __name__ == "__main__":
    main()
