"""Options of every test run."""

from collections.abc import Iterator

import hypothesis
import pytest
import structlog

# No time limits: a busy machine is not a fault. `--hypothesis-profile=deep` looks further than every run has time for.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
UNHURRIED = hypothesis.settings.get_profile("unhurried")
hypothesis.settings.register_profile("quick", UNHURRIED, max_examples=25)
hypothesis.settings.register_profile("deep", UNHURRIED, max_examples=2000)
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
