"""Every party passes the one conformance suite, with golden samples of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dialects.contract import Inbound, Outbound
from dialects.registry import INBOUND, OUTBOUND
from tests.conformance import INBOUND_CHECKS, OUTBOUND_CHECKS, Samples

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("check", INBOUND_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", sorted(INBOUND))
def test_every_party_that_tells_us(name: str, check: Callable[[Inbound, Samples], None]) -> None:
    assert INBOUND[name].name == name
    check(INBOUND[name], Samples.of(SAMPLES / name))


@pytest.mark.parametrize("check", OUTBOUND_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", sorted(OUTBOUND))
def test_every_party_that_is_told(name: str, check: Callable[[Outbound, Samples], None]) -> None:
    assert OUTBOUND[name].name == name
    check(OUTBOUND[name], Samples.of(SAMPLES / name))
