"""Options of every test run."""

from collections.abc import Iterator

import hypothesis
import pytest
import structlog

# No deadline: a busy machine is not a fault. `--hypothesis-profile=deep` looks further than every run has time for.
hypothesis.settings.register_profile("quick", max_examples=25, deadline=None)
hypothesis.settings.register_profile("deep", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--services",
        choices=["embedded", "containers", "external"],
        default="embedded",
        help="where tests in tests/services find Kafka and Postgres: started here from wheels and jars (default), "
        "in Docker containers, or running already (TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS, TICKETWIRE_POSTGRES__DSN)",
    )


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """A command run inside the test may have sent the logs to a stream that ends with it."""
    yield
    structlog.reset_defaults()
