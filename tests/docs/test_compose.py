"""compose.yaml and the Dockerfile promise commands, settings, ports and versions: they must be the real ones."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cli.main import build
from processors.registry import PROCESSORS
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("ticketwire")}
LONG_RUNNING = {name: service for name, service in OURS.items() if name != "migrate"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRETS = {
    "TICKETWIRE_ADMIN_TOKEN": "token",
    "TICKETWIRE_ENCRYPTION_KEYS": '["kPB6sPC3hPzUAAvM5_6cOXLkGwRGZ4bOxZpGb9Vb0nY="]',
    "POSTGRES_PASSWORD": "password",
}
INTERPOLATION = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def interpolated(text: str) -> str:
    """As compose does it, with the three secrets set."""
    return INTERPOLATION.sub(lambda found: SECRETS.get(found[1], found[3] if found[2] == "-" else ""), text)


def settings_of(service: dict[str, Any], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    monkeypatch.chdir(folder)  # no ticketwire.toml
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, interpolated(value))
    return Settings()


def port_of(name: str, settings: Settings) -> int:
    ports = {
        "ingest": settings.ingest.port,
        "publisher": settings.publisher.port,
        "replayer": settings.replayer.port,
        "console": settings.console.port,
    }
    return ports.get(name, settings.processors.port)


def test_there_is_a_service_for_each_part_and_each_processor() -> None:
    services = {"ingest", "publisher", "replayer", "console", *(f"processor-{name}" for name in PROCESSORS)}
    assert set(OURS) == services | {"migrate"}
    assert set(SERVICES) - set(OURS) == {"kafka", "postgres"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_exists(name: str) -> None:
    command, *arguments = OURS[name]["command"]
    assert command in getattr(get_command(build()), "commands")  # noqa: B009 - the type has no such attribute
    assert arguments == ([name.removeprefix("processor-")] if command == "processor" else [])


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_and_takes_effect(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = settings_of(OURS[name], monkeypatch, tmp_path)
    for variable, value in OURS[name]["environment"].items():
        place: Any = settings
        for part in variable.removeprefix("TICKETWIRE_").lower().split("__"):
            assert part in type(place).model_fields, f"{variable} is no setting"
            place = getattr(place, part)
        shown = place.get_secret_value() if hasattr(place, "get_secret_value") else place
        if isinstance(shown, str | int):
            assert str(shown) == interpolated(value)
    assert settings.publisher.allowed_private_networks == ()


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_the_health_check_asks_the_port_that_the_service_has(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = settings_of(OURS[name], monkeypatch, tmp_path)
    kind, python, option, code = OURS[name]["healthcheck"]["test"]
    assert (kind, python, option) == ("CMD", "python", "-c")
    compile(code, name, "exec")
    assert f"http://127.0.0.1:{port_of(name, settings)}/readyz" in code
    for published in OURS[name].get("ports", []):
        assert interpolated(published).endswith(f":{port_of(name, settings)}")


def test_the_settings_lead_to_the_services_of_this_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = settings_of(OURS["ingest"], monkeypatch, tmp_path)
    kafka, postgres = SERVICES["kafka"]["environment"], SERVICES["postgres"]["environment"]
    assert kafka["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{settings.kafka.bootstrap_servers}"
    user, password, database = (interpolated(postgres[f"POSTGRES_{part}"]) for part in ("USER", "PASSWORD", "DB"))
    assert settings.postgres.dsn.get_secret_value() == f"postgresql://{user}:{password}@postgres:5432/{database}"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_come_true(name: str) -> None:
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        condition = wanted["condition"]
        assert condition in {"service_healthy", "service_completed_successfully"}
        assert condition != "service_healthy" or "healthcheck" in SERVICES[other]
        assert condition != "service_completed_successfully" or SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_only_loopback_is_published(name: str) -> None:
    for published in SERVICES[name].get("ports", []):
        assert published.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service.get("read_only", False) == (name in OURS)


def test_secrets_come_from_outside_and_are_demanded() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in SECRETS:
        found = [match for match in INTERPOLATION.finditer(text) if match[1] == name]
        assert found, f"{name} is not used"
        assert all(match[2] == "?" for match in found), f"{name} may be left out"


def test_every_volume_is_declared() -> None:
    named = {entry.split(":")[0] for service in SERVICES.values() for entry in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])


def test_kafka_is_the_version_that_is_embedded() -> None:
    lock = (ROOT / "embedded/kafka-jars.lock").read_text()
    [embedded] = re.findall(r"^org\.apache\.kafka:kafka_2\.13:([\d.]+):", lock, flags=re.MULTILINE)
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{embedded}"


def test_the_image_installs_locked_packages_and_runs_as_nobody_in_particular() -> None:
    build_stage, run_stage = DOCKERFILE.split("\nFROM ")[1:]
    assert "uv pip install --require-hashes -r requirements.lock" in build_stage
    assert "uv" not in re.findall(r"\w+", run_stage)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", run_stage, flags=re.MULTILINE)
    [makefile_version] = re.findall(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert f"uv=={makefile_version}" in build_stage


def test_the_build_gets_everything_that_the_wheel_is_made_of() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = re.findall(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)[0]
    assert let_in == {*re.findall(r'"(\w+)"', packages), "pyproject.toml", "requirements.lock", "README.md", "LICENSE"}
