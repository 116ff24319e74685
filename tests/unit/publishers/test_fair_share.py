"""Places are shared so that slow endpoints never shut out the others."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from publishers.fair_share import Claimant, share

PLACES = 64


def claimant(number: int, *, due: int = 1000, in_flight: int = 0, limit: int = 16, quick: bool = True) -> Claimant:
    return Claimant(UUID(int=number), due, in_flight, limit, quick)


def shared(claimants: list[Claimant], *, more_in_flight: int = 0, more_slow: int = 0) -> dict[int, int]:
    in_flight = sum(one.in_flight for one in claimants) + more_in_flight
    slow = sum(one.in_flight for one in claimants if not one.quick) + more_slow
    granted = share(claimants, places=PLACES, in_flight=in_flight, slow_in_flight=slow)
    return {endpoint.int: count for endpoint, count in granted.items()}


def test_a_lone_endpoint_gets_up_to_its_limit_or_all_but_the_kept_eighth() -> None:
    assert shared([claimant(1)]) == {1: 16}
    assert shared([claimant(1, limit=200)]) == {1: 56}
    assert shared([claimant(1, due=3)]) == {1: 3}


def test_slow_endpoints_share_half_however_many_they_are() -> None:
    granted = shared([claimant(number, quick=False) for number in range(1, 21)])
    assert sum(granted.values()) == PLACES // 2
    assert shared([claimant(1, quick=False)], more_in_flight=32, more_slow=32) == {}


def test_a_quick_endpoint_gets_places_while_slow_ones_hold_their_half() -> None:
    slow = [claimant(number, quick=False, in_flight=4) for number in range(1, 9)]
    assert shared([*slow, claimant(9)]) == {9: 16}


def test_an_endpoint_with_nothing_in_flight_finds_a_place_when_others_took_the_rest() -> None:
    others = [claimant(number, in_flight=14) for number in range(1, 5)]  # 56: all but the kept eighth
    assert shared([*others, claimant(9)]) == {9: 2}


def test_who_has_the_fewest_calls_comes_first() -> None:
    assert shared([claimant(1, in_flight=15), claimant(2)], more_in_flight=38) == {2: 3}


@given(
    st.lists(
        st.builds(
            claimant,
            st.integers(1, 10_000),
            due=st.integers(0, 100),
            in_flight=st.integers(0, 8),
            limit=st.integers(1, 40),
            quick=st.booleans(),
        ),
        max_size=8,
        unique_by=lambda one: one.endpoint_id,
    )
)
def test_no_limit_is_ever_passed(claimants: list[Claimant]) -> None:
    granted = shared(claimants)
    busy = sum(one.in_flight for one in claimants)
    slow = sum(one.in_flight for one in claimants if not one.quick)
    assert busy + sum(granted.values()) <= max(PLACES, busy)
    for one in claimants:
        mine = granted.get(one.endpoint_id.int, 0)
        assert mine <= one.due
        assert one.in_flight + mine <= max(one.limit, one.in_flight)
        slow += 0 if one.quick else mine
    assert slow <= max(PLACES // 2, sum(one.in_flight for one in claimants if not one.quick))
