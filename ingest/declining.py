"""How a step says no: by an exception that carries the outcome, so that the steps in between need not know of it."""

from dialects.contract import Declined


class Decline(Exception):
    """The request is not taken; the dialect words the answer."""

    def __init__(self, status: int, text: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(text)
        self.outcome = Declined(status, text, retry_after_seconds)
