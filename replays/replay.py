"""The runs of kind `replay`, by their mode."""

from collections.abc import Mapping
from typing import Any, Protocol

from replays.runner import Control
from runtime.errors import InvalidRequest
from store.runs import Run


class Mode(Protocol):
    """How a replay of one mode is done; as `replays.runner.Task`."""

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        """The result."""


class Replay:
    """`replays.runner.Task` for replays. `asked`: selection, mode, callbacks (suppress or emit), rate."""

    kind = "replay"

    def __init__(self, modes: Mapping[str, Mode]) -> None:
        self._modes = modes

    async def run(self, run: Run, control: Control) -> dict[str, Any]:
        mode = self._modes.get(run.asked["mode"])
        if mode is None:
            raise InvalidRequest(
                f"there is no replay of mode {run.asked['mode']!r}", hint=f"known: {', '.join(self._modes)}"
            )
        return await mode.run(run, control)
