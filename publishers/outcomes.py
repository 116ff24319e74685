"""What became of one attempt. The set is closed: every `match` over it is exhaustive.

`stage` says when it failed: before anything was sent, while it may have been, or after the partner answered. `error`
is a stable code (docs/errors.md), `detail` a sentence for people; neither holds secrets or personal data.
"""

from dataclasses import dataclass

from store.attempts import Stage


@dataclass(frozen=True, slots=True)
class Delivered:
    """The partner said yes. Whatever happens afterwards, it is not sent again by itself."""

    status: int
    detail: str = ""
    stage: Stage = "after"
    error: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It failed, for now. `gone`: the partner wants no more calls at all (410)."""

    stage: Stage
    error: str
    detail: str = ""
    status: int | None = None
    retry_after_seconds: float = 0.0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It failed and is not tried again. `exhausted`: by the policy, and not because the partner refused for good."""

    stage: Stage
    error: str
    detail: str = ""
    status: int | None = None
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """We stopped, or never began. It uses up no attempt and is due at once."""

    stage: Stage
    error: str = "shutdown"
    detail: str = ""
    status: int | None = None


Outcome = Delivered | TryAgain | GivenUp | Interrupted
