"""How a service's process lives: until SIGTERM or SIGINT, then a graceful stop; a second signal ends it at once."""

import asyncio
import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
COLLECT_AFTER_OBJECTS = 50_000
"""How many more objects there must be before the collector looks for cycles; 700 by default. Those of a request, a
batch or a call go by their counts when it ends, and are tens of thousands at a time: it looked through them again and
again, for a twentieth of ingest's CPU and a tenth of a processor's."""

COLLECT_AFTER_BATCHES = 200_000
"""As much for who has two batches in memory, the present and the next one. Not for who closes connections all the time:
each may leave a cycle behind (`runtime.event_loop.let_go`), those by TLS still do."""


def spare_what_is_loaded(*, collect_after: int = COLLECT_AFTER_OBJECTS) -> None:
    """To be called once, when a service is up: what is there now stays for good, and the collector leaves it alone. To
    look it through held up everything for some 40 ms: one request in a hundred waited 50 ms at full speed, 22 since."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(collect_after)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Give an event that the first stop signal sets. Stop gracefully inside the block, so that a second signal counts.

    Only in the main thread, with a running event loop; one block at a time.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def received(number: signal.Signals) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, received, number)
    try:
        yield stop
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
