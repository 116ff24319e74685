"""The order's context: stored by party, every wrong field named, never shown again."""

from typing import Any

import orjson
import pytest

from dialects.registry import OUTBOUND
from tests.services.console.conftest import Api
from tests.services.console.context_samples import CONTEXTS

PARTIES = sorted(name for name, party in OUTBOUND.items() if party.takes_context)


@pytest.mark.parametrize("party", PARTIES)
async def test_a_context_is_stored_and_shown_by_its_fields_only(api: Api, party: str) -> None:
    stored = await api.call("PUT", "/orders/A1/context", {party: CONTEXTS[party]})
    assert stored.status == 200
    shown = (await api.get("/orders/A1/context")).json["contexts"]
    assert [(c["party"], c["source"], c["fields"]) for c in shown] == [(party, "", sorted(CONTEXTS[party]))]
    values = await api.pool.fetchval("SELECT context FROM order_contexts")
    assert values == CONTEXTS[party]


@pytest.mark.parametrize("party", PARTIES)
async def test_each_missing_field_is_named_and_nothing_is_stored(api: Api, party: str) -> None:
    refused = await api.call("PUT", "/orders/A1/context", {party: {}})
    assert (refused.status, refused.code) == (422, "invalid-request")
    assert refused.json["error"]["message"].count(f"{party}: ") >= 1
    assert (await api.get("/orders/A1/context")).json["contexts"] == []


async def test_an_unknown_party_gets_the_nearest_name(api: Api) -> None:
    misspelt = PARTIES[0][:-1]
    refused = await api.call("PUT", "/orders/A1/context", {misspelt: {}})
    assert refused.status == 422
    assert f"did you mean '{PARTIES[0]}'" in refused.json["error"]["hint"]


async def test_a_context_replaces_the_one_before_it_for_its_source_only(api: Api) -> None:
    first, second = PARTIES[:2]
    await api.call("PUT", "/orders/A1/context", {first: CONTEXTS[first], second: CONTEXTS[second]})
    await api.call("PUT", "/orders/A1/context", {first: CONTEXTS[first]}, query={"source": "atlas"})
    await api.call("PUT", "/orders/A1/context", {second: CONTEXTS[second]})
    shown = (await api.get("/orders/A1/context")).json["contexts"]
    assert [(c["source"], c["party"]) for c in shown] == [("", second), ("atlas", first)]


@pytest.mark.parametrize("body", [[], 7, "x", {"": {}}, {"a\x00": {}}, {"atlas": {"x": 1}}])
async def test_hostile_contexts_are_refused(api: Api, body: Any) -> None:
    refused = await api.call("PUT", "/orders/A1/context", body)
    assert refused.status == 422
    assert orjson.dumps(refused.json)
