"""Orders told to strict partners through the whole hub: again until they say yes in their own words, and no more."""

import json
from urllib.parse import parse_qsl

import pytest

from cli.partner_server import Visit
from dialects.registry import OUTBOUND
from tests.services.e2e.conftest import Whole
from tests.services.e2e.partners import callbacks, context, in_states, partner, put_context, ticketed, void

REFUSALS = {"datacentre": "fail:3"}
"""Where the contract's own refusal is for good, three failures of transport take its place."""


def order_of(visit: Visit) -> dict[str, object]:
    """What a call says of the order, without what is new in each attempt."""
    if visit.party == "fliggy":
        found: dict[str, object] = json.loads(dict(parse_qsl(visit.request.body.decode()))["confirm_book_r_q"])
        return found
    message: dict[str, object] = json.loads(visit.request.body)
    message.pop("requestId", None)
    return message


@pytest.mark.parametrize("party", OUTBOUND)
async def test_a_partner_that_refuses_three_times_is_asked_a_fourth_and_no_fifth(whole: Whole, party: str) -> None:
    order_no = name = f"three-refusals-{party}"
    async with partner(whole, party, REFUSALS.get(party, "refuse:3"), name=name) as server:
        if context(party):
            await put_context(whole, order_no, party)
        assert await whole.post(ticketed(order_no)) == 200
        (callback,) = await in_states(whole, name, order_no, "delivered")
        assert callback["attempts"] == 4
        assert [visit.accepted for visit in server.visits] == [False, False, False, True]
        assert (server.visits[3].verdict, server.visits[3].remarks) == ("accepted", ())
        assert all(order_of(visit) == order_of(server.visits[0]) for visit in server.visits)
        shown = await whole.api("GET", f"/callbacks/{callback['callback_id']}")
        assert [attempt["outcome"] for attempt in shown["attempt_list"]][-1] == "delivered"
        # the publisher had its chance of a fifth when it made the call of another order
        if context(party):
            await put_context(whole, f"{order_no}-b", party)
        assert await whole.post(ticketed(f"{order_no}-b")) == 200
        await in_states(whole, name, f"{order_no}-b", "delivered")
        assert len(server.visits) == 5


async def test_a_call_whose_answer_is_lost_is_repeated_and_answered_with_the_first_result(whole: Whole) -> None:
    name = order_no = "lost-answer"
    async with partner(whole, "fliggy", "hang-up-in-body:1", name=name) as server:
        await put_context(whole, order_no, "fliggy")
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert [visit.verdict for visit in server.visits] == ["accepted", "answered with the first result"]
        assert server.visits[0].reply == server.visits[1].reply


async def test_every_call_has_a_request_id_of_its_own_and_a_repeat_is_known_by_its_content(whole: Whole) -> None:
    name = order_no = "own-request-ids"
    async with partner(whole, "aerohub", "refuse:1", "hang-up-in-body:1", name=name) as server:
        await put_context(whole, order_no, "aerohub")
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert [visit.verdict for visit in server.visits] == [
            "accepted",
            "accepted",
            "accepted again: the same content",
        ]
        numbers = [json.loads(visit.request.body)["requestId"] for visit in server.visits]
        assert len(set(numbers)) == 3
        assert all(visit.remarks == () for visit in server.visits)


async def test_a_refusal_for_good_goes_to_the_operator_after_one_attempt(whole: Whole) -> None:
    name = order_no = "refused-for-good"
    async with partner(whole, "datacentre", "refuse", name=name) as server:
        await put_context(whole, order_no, "datacentre")
        assert await whole.post(ticketed(order_no)) == 200
        (callback,) = await in_states(whole, name, order_no, "given_up")
        assert "invalid supplier name" in callback["outcome"]
        assert (callback["attempts"], len(server.visits)) == (1, 1)


async def test_a_callback_waits_for_its_context_says_for_what_and_goes_when_it_comes(whole: Whole) -> None:
    name = order_no = "waits-for-context"
    async with partner(whole, "datacentre", name=name) as server:
        assert await whole.post(ticketed(order_no)) == 200
        (waiting,) = await in_states(whole, name, order_no, "waiting")
        assert "supplier_name" in waiting["outcome"]
        assert (waiting["attempts"], server.visits) == (0, [])
        await put_context(whole, order_no, "datacentre")
        (gone,) = await in_states(whole, name, order_no, "delivered")
        assert (gone["callback_id"], gone["attempts"]) == (waiting["callback_id"], 1)
        assert [(visit.verdict, visit.remarks, visit.order) for visit in server.visits] == [("accepted", (), order_no)]


async def test_a_channel_that_only_hears_of_named_orders_is_told_when_it_is_named(whole: Whole) -> None:
    name = order_no = "named-later"
    async with partner(whole, "fliggy", name=name) as server, partner(whole, "standard", name="hears-all") as all_:
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, "hears-all", order_no, "delivered")
        assert await callbacks(whole, name, order_no) == []
        await put_context(whole, order_no, "fliggy")
        await in_states(whole, name, order_no, "delivered")
        assert [len(server.visits), len(all_.visits)] == [1, 1]


async def test_after_the_first_success_changes_are_recorded_as_not_deliverable_and_nothing_is_sent(
    whole: Whole,
) -> None:
    name = order_no = "frozen"
    async with partner(whole, "fliggy", name=name) as server:
        await put_context(whole, order_no, "fliggy")
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert await whole.post(ticketed(order_no, ticketNos=["S99999"])) == 200
        _, later = await in_states(whole, name, order_no, "delivered", "not_deliverable")
        assert "frozen" in later["outcome"] or "froze" in later["outcome"]
        assert later["attempts"] == 0
        assert len(server.visits) == 1


async def test_a_correction_reaches_who_can_take_it_as_a_new_version(whole: Whole) -> None:
    name = order_no = "new-version"
    async with partner(whole, "datacentre", name=name) as server:
        await put_context(whole, order_no, "datacentre")
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert await whole.post(ticketed(order_no, ticketNos=["S99999"])) == 200
        await in_states(whole, name, order_no, "delivered", "delivered")
        assert [visit.verdict for visit in server.visits] == ["accepted", "accepted as version 2, for attention"]


async def test_a_correction_that_contradicts_what_a_partner_holds_is_asked_until_the_policy_ends(whole: Whole) -> None:
    """The contract has retries for every other outcome (L96-97); nothing is disguised as accepted."""
    name = order_no = "contradicted"
    async with partner(whole, "aerohub", name=name) as server:
        await put_context(whole, order_no, "aerohub")
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert await whole.post(ticketed(order_no, ticketNos=["S99999"])) == 200
        assert await server.wait_for(lambda visits: len(visits) >= 3, seconds=30)
        assert [visit.accepted for visit in server.visits[:3]] == [True, False, False]


@pytest.mark.parametrize("party", [name for name, dialect in OUTBOUND.items() if dialect.only_named])
async def test_a_void_is_recorded_as_not_deliverable_where_a_named_party_has_no_word_for_it(
    whole: Whole, party: str
) -> None:
    name = order_no = f"void-of-{party}"
    async with partner(whole, party, name=name) as server:
        await put_context(whole, order_no, party)
        assert await whole.post(ticketed(order_no)) == 200
        await in_states(whole, name, order_no, "delivered")
        assert await whole.post(void(order_no)) == 200
        _, told = await in_states(whole, name, order_no, "delivered", "not_deliverable")
        assert (told["event_type"], told["attempts"]) == ("order.void", 0)
        assert len(server.visits) == 1


@pytest.mark.parametrize("manner", ["time-out", "hang-up", "trickle", "web-page", "huge", "length-too-short"])
async def test_no_misbehaviour_is_taken_for_a_yes(whole: Whole, manner: str) -> None:
    name = order_no = f"rude-{manner}"
    async with partner(whole, "datacentre", f"{manner}:1", name=name) as server:
        await put_context(whole, order_no, "datacentre")
        assert await whole.post(ticketed(order_no)) == 200
        (callback,) = await in_states(whole, name, order_no, "delivered")
        assert (callback["attempts"], len(server.visits)) == (2, 2)


async def test_a_yes_that_can_be_read_is_a_yes_though_the_length_was_a_lie(whole: Whole) -> None:
    """What the partner has said yes to is never sent again by itself."""
    name = order_no = "rude-length-too-long"
    async with partner(whole, "datacentre", "length-too-long:1", name=name) as server:
        await put_context(whole, order_no, "datacentre")
        assert await whole.post(ticketed(order_no)) == 200
        (callback,) = await in_states(whole, name, order_no, "delivered")
        assert (callback["attempts"], len(server.visits)) == (1, 1)
