"""How far the download of the embedded Kafka is; it comes once for each user of this machine."""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn


class DownloadBar:
    """Called with (bytes there, bytes in all): a bar on a terminal, a line at the beginning and the end elsewhere."""

    def __init__(self, talk: Callable[[str], None]) -> None:
        self._talk = talk
        self._begun = False
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def __call__(self, there: int, total: int) -> None:
        if not self._begun:
            self._begun = True
            self._talk(f"fetching Kafka, {total / 1e6:.0f} MB, this once")
            if sys.stderr.isatty():
                columns = (TextColumn("  "), BarColumn(), DownloadColumn(), TransferSpeedColumn())
                self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
                self._task = self._progress.add_task("", total=total)
                self._progress.start()
        if self._progress is not None:
            self._progress.update(self._task, completed=there)
        if there >= total:
            self._end()

    def _end(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        self._talk("Kafka fetched")
