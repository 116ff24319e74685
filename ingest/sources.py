"""Who may send: the configured sources, each with its dialect, its credentials and its rate."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dialects.contract import Inbound
from dialects.registry import INBOUND, inbound
from dialects.verification import scheme
from ingest.limits import TokenBucket
from runtime.errors import ConfigurationError
from runtime.settings import SourceSettings, VerificationSettings


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of the configuration, ready for use. `kept_headers` travel with the event."""

    name: str
    dialect: Inbound
    verification: VerificationSettings
    kept_headers: frozenset[str]
    bucket: TokenBucket | None


def configured_sources(settings: Mapping[str, SourceSettings]) -> Mapping[str, SourceSettings]:
    """The sources of the settings; where there are none, one for each party, unverified, as for a first look."""
    return settings or {name: SourceSettings(dialect=name) for name in sorted(INBOUND)}


def load_sources(settings: Mapping[str, SourceSettings]) -> dict[str, Source]:
    """All sources by name; raises ConfigurationError that names the wrong one."""
    return {name: _load(name, source) for name, source in configured_sources(settings).items()}


def _load(name: str, settings: SourceSettings) -> Source:
    dialect = inbound(settings.dialect)
    if wrong := dialect.wrong_settings(settings.verification):
        raise ConfigurationError(f"sources.{name}.verification: {wrong}", hint="see docs/settings.md")
    rate = settings.rate_per_second
    return Source(
        name=name,
        dialect=dialect,
        verification=settings.verification,
        kept_headers=dialect.signed_headers | scheme.signed_headers(settings.verification),
        bucket=TokenBucket(rate, settings.burst, now=time.monotonic()) if rate is not None else None,
    )
