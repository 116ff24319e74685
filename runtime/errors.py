"""One family of errors. Each says what was wrong with the value seen, and what to do about it.

    TicketwireError
    ├── ConfigurationError      a setting is missing or wrong; nothing was started
    ├── ServiceUnavailable      Kafka, Postgres or a service of ours cannot be reached now; trying later may help
    ├── EmbeddedError           the Kafka or Postgres in a box could not be fetched, started or repaired
    ├── SchemaError             the database's schema is not the one this version works with
    ├── NotFound                what was named does not exist
    ├── Conflict                what was asked contradicts what is there
    └── InvalidRequest          an operator's or API client's input is wrong

What a partner sends wrong is not an exception here: see `dialects.contract`.
"""


class TicketwireError(Exception):
    """Base of all errors that a person may see.

    `code` is stable (listed in docs/errors.md), `message` says what happened with the value seen,
    `hint` says what to do next. Neither may hold personal data or secrets.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class ConfigurationError(TicketwireError):
    """A setting is missing or wrong; nothing was started."""

    code = "configuration"


class ServiceUnavailable(TicketwireError):
    """Kafka, Postgres or a service of ours cannot be reached now; trying later may help."""

    code = "service-unavailable"


class EmbeddedError(TicketwireError):
    """The Kafka or Postgres in a box could not be fetched, started or repaired."""

    code = "embedded"


class SchemaError(TicketwireError):
    """The database's schema is not the one this version works with."""

    code = "schema"


class NotFound(TicketwireError):
    """What was named does not exist."""

    code = "not-found"


class Conflict(TicketwireError):
    """What was asked contradicts what is there."""

    code = "conflict"


class InvalidRequest(TicketwireError):
    """An operator's or API client's input is wrong."""

    code = "invalid-request"
