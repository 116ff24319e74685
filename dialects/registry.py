"""The one list of parties. Adding a party is a folder, its samples, and a line here."""

import difflib
from collections.abc import Mapping

from dialects.aerohub.caller import AeroHubCaller
from dialects.aerohub.inbound import AeroHubInbound
from dialects.aerohub.outbound import AeroHubOutbound
from dialects.aerohub.partner import AeroHubPartner
from dialects.atlas.inbound import AtlasInbound
from dialects.atlas.outbound import AtlasOutbound
from dialects.atlas.partner import AtlasPartner
from dialects.contract import Caller, Inbound, Outbound, Partner
from dialects.datacentre.caller import DataCentreCaller
from dialects.datacentre.inbound import DataCentreInbound
from dialects.datacentre.outbound import DataCentreOutbound
from dialects.datacentre.partner import DataCentrePartner
from dialects.fliggy.caller import FliggyCaller
from dialects.fliggy.inbound import FliggyInbound
from dialects.fliggy.outbound import FliggyOutbound
from dialects.fliggy.partner import FliggyPartner
from dialects.standard.outbound import Standard
from dialects.standard.partner import StandardPartner
from runtime.errors import ConfigurationError
from schemas.wire_forms import WireForm

INBOUND: Mapping[str, Inbound] = {
    party.name: party for party in (AtlasInbound(), AeroHubInbound(), DataCentreInbound(), FliggyInbound())
}
"""Parties whose webhooks come in."""

OUTBOUND: Mapping[str, Outbound] = {
    party.name: party
    for party in (AtlasOutbound(), AeroHubOutbound(), DataCentreOutbound(), Standard(), FliggyOutbound())
}
"""Parties that are told."""

PARTNERS: Mapping[str, Partner] = {
    party.name: party
    for party in (AtlasPartner(), AeroHubPartner(), DataCentrePartner(), StandardPartner(), FliggyPartner())
}
"""The parties' own sides, for the simulator."""

CALLERS: Mapping[str, Caller] = {party.name: party for party in (AeroHubCaller(), DataCentreCaller(), FliggyCaller())}
"""Who calls contracts that prove each call in a way of their own, for samples."""


def inbound(name: str) -> Inbound:
    """The party of that name; raises ConfigurationError, with the nearest name there is."""
    if name not in INBOUND:
        raise _unknown(name, "webhooks come in from", INBOUND)
    return INBOUND[name]


def outbound(name: str) -> Outbound:
    """The party of that name; raises ConfigurationError, with the nearest name there is."""
    if name not in OUTBOUND:
        raise _unknown(name, "callbacks go out to", OUTBOUND)
    return OUTBOUND[name]


def wire_forms() -> dict[str, WireForm]:
    """What may be told in which dialect."""
    return {name: WireForm(party.event_types, party.only_named) for name, party in OUTBOUND.items()}


def _unknown(name: str, what: str, parties: Mapping[str, object]) -> ConfigurationError:
    near = difflib.get_close_matches(name, parties, n=1)
    return ConfigurationError(
        f"no dialect {name!r} that {what}",
        hint=f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(parties)) or 'none'}",
    )
