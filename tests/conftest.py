"""Options of every test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--services",
        choices=["embedded", "containers", "external"],
        default="embedded",
        help="where tests in tests/services find Kafka and Postgres: started here from wheels and jars (default), "
        "in Docker containers, or running already (TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS, TICKETWIRE_POSTGRES__DSN)",
    )
