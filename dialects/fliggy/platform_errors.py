"""The platform's error codes (fliggy-ship-order-notify.md, "Beyond the document", "Platform error codes").

Ingest hands an answer's text from the step that refused to the one that words the answer, so the text leads with the
platform's own message: "Missing Signature: …". The code is found again by it.
"""

from enum import Enum


class PlatformError(Enum):
    """Code, message, and the detailed code of ours: `isv.` for a fault of the caller, `isp.` for one of this side."""

    CALL_LIMITED = (8, "App Call Exceeds Limited Frequency", "isp.call-limited")
    HTTP_ACTION = (9, "Http Action Not Allowed", "isv.http-action-not-allowed")
    UNAVAILABLE = (10, "Service Currently Unavailable", "isp.service-unavailable")
    MISSING_METHOD = (21, "Missing Method", "isv.missing-method")
    INVALID_METHOD = (22, "Invalid Method", "isv.invalid-method")
    INVALID_FORMAT = (23, "Invalid Format", "isv.invalid-format")
    MISSING_SIGNATURE = (24, "Missing Signature", "isv.missing-signature")
    INVALID_SIGNATURE = (25, "Invalid Signature", "isv.invalid-signature")
    MISSING_APP_KEY = (28, "Missing App Key", "isv.missing-app-key")
    INVALID_APP_KEY = (29, "Invalid App Key", "isv.invalid-app-key")
    MISSING_TIMESTAMP = (30, "Missing Timestamp", "isv.missing-timestamp")
    INVALID_TIMESTAMP = (31, "Invalid Timestamp", "isv.invalid-timestamp")
    MISSING_VERSION = (32, "Missing Version", "isv.missing-version")
    UNSUPPORTED_VERSION = (34, "Unsupported Version", "isv.unsupported-version")
    MISSING_ARGUMENT = (40, "Missing Required Arguments", "isv.missing-parameter")
    INVALID_ARGUMENT = (41, "Invalid Arguments", "isv.invalid-parameter")
    PARAMETER_ERROR = (43, "Parameter Error", "isv.parameter-error")

    def __init__(self, code: int, message: str, sub_code: str) -> None:
        self.code = code
        self.message = message
        self.sub_code = sub_code

    def text(self, detail: str) -> str:
        """The detail, led by the platform's message."""
        return f"{self.message}: {detail}"


_BY_MESSAGE = {error.message: error for error in PlatformError}


def read_text(text: str) -> tuple[PlatformError | None, str]:
    """The error that leads the text, and the detail; None when no platform message leads it."""
    message, _, detail = text.partition(": ")
    error = _BY_MESSAGE.get(message)
    return (error, detail) if error is not None else (None, text)


class Refusal(ValueError):
    """A call that cannot be taken. `reason` is a stable code (read.REASONS); the text repeats no personal value."""

    def __init__(self, reason: str, error: PlatformError, detail: str) -> None:
        super().__init__(error.text(detail))
        self.reason = reason
        self.error = error
        self.detail = detail
