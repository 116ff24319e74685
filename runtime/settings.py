"""Settings: `ticketwire.toml` in the working directory, then `TICKETWIRE_…` in the environment, which wins.

Nested names join with two underscores: `[kafka] bootstrap_servers` is `TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS`.
Every field says its unit in its name and its meaning in its description; docs/settings.md is made from them.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from runtime.errors import ConfigurationError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class Section(BaseModel):
    """A section refuses names it does not know: a misspelt setting must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(Section):
    bootstrap_servers: str = Field("", description="host:port of brokers, comma-separated; empty: the embedded Kafka")
    topic_prefix: str = Field("ticketwire.", description="what every topic and consumer group begins with")
    partitions: int = Field(6, ge=1, le=1000, description="partitions of a topic that Ticketwire creates")
    replication_factor: int = Field(1, ge=1, le=9, description="replicas of a topic that Ticketwire creates")
    min_insync_replicas: int = Field(1, ge=1, le=9, description="replicas that must have an event before it is taken")
    retention_hours: int = Field(24 * 30, ge=1, description="how long raw events stay replayable")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are spoken to"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="how Ticketwire authenticates at the brokers, with SASL"
    )
    sasl_username: str = Field("", description="user at the brokers, with SASL")
    sasl_password: SecretStr = Field(SecretStr(""), description="password at the brokers, with SASL")
    ssl_ca_file: Path | None = Field(None, description="certificate authorities to trust, PEM; empty: the system's")


class PostgresSettings(Section):
    dsn: SecretStr = Field(SecretStr(""), description="postgresql://… of the database; empty: the embedded Postgres")
    pool_size: int = Field(8, ge=2, le=100, description="connections that one process may hold")
    connect_timeout_seconds: float = Field(5.0, gt=0, description="patience for a new connection")
    statement_timeout_seconds: float = Field(
        10.0,
        gt=0,
        description="patience for one statement; then its connection counts as lost, and all others are renewed",
    )


class VerificationSettings(Section):
    """How a source proves itself. Two live secrets during a rotation: list both."""

    scheme: Literal["none", "token", "basic", "hmac", "standard-webhooks", "dialect"] = Field(
        "none",
        description="none, a shared token in a header, HTTP basic, an HMAC of the body, Standard Webhooks, or as the"
        " dialect's own contract says",
    )
    account: str = Field("", description="dialect: who the caller is in that contract, where it has a name for it")
    secrets: tuple[SecretStr, ...] = Field((), max_length=2, description="live secrets (basic: user:password)")
    header: str = Field("", description="header that carries the token or signature; empty: the scheme's usual one")
    hash: Literal["sha1", "sha256", "sha512"] = Field("sha256", description="hmac: the hash function")
    encoding: Literal["hex", "base64"] = Field("hex", description="hmac: how the signature is written")
    prefix: str = Field("", description="hmac: what stands before the signature, such as sha256=")
    signed: Literal["body", "timestamp.body"] = Field(
        "body", description="hmac: what is signed; timestamp.body reads t=…,v1=… from the header"
    )
    tolerance_seconds: int = Field(300, ge=1, description="how far a signed timestamp may be from now")


class SourceSettings(Section):
    dialect: Name = Field(description="the party's dialect")
    verification: VerificationSettings = Field(VerificationSettings(), description="how this source proves itself")
    rate_per_second: float | None = Field(None, gt=0, description="past it: 429; empty: no limit")
    burst: int = Field(100, ge=1, description="events taken at once above the rate")


class IngestSettings(Section):
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0: a free one")
    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="larger bodies are answered 413")
    max_in_flight_bytes: int = Field(64 * 1024 * 1024, ge=1024 * 1024, description="past it: 503 with Retry-After")
    send_timeout_seconds: float = Field(1.8, gt=0, description="Kafka must have an event within it, else 503")
    retry_after_seconds: int = Field(2, ge=1, description="Retry-After of a 503")
    stop_grace_seconds: float = Field(10.0, ge=0, description="patience for accepted requests when stopping")


class ProcessorSettings(Section):
    host: str = Field("127.0.0.1", description="address of health and metrics")
    port: int = Field(0, ge=0, le=65535, description="port of health and metrics; 0: a free one")
    batch_records: int = Field(250, ge=1, le=10_000, description="events that one transaction takes at the most")
    parking_window_records: int = Field(1000, ge=10, description="latest records that the parking limit looks at")
    parking_limit_percent: int = Field(
        50, ge=1, le=100, description="when more of the window is parked than this, the processor stops and says so"
    )
    retry_in_place_seconds: float = Field(120.0, gt=0, description="patience with Postgres before a batch is re-read")
    session_timeout_seconds: float = Field(
        10.0, ge=6, le=300, description="a silent consumer loses its partitions after it; no rebalance lasts longer"
    )


class PolicySettings(Section):
    """A retry policy: retries are counted, never attempts. See DESIGN §2 rule 6."""

    kind: Literal["fixed", "exponential", "list"] = Field(description="how the waits follow each other")
    wait_seconds: float = Field(30.0, gt=0, description="fixed: the wait; exponential: the first wait")
    waits_seconds: tuple[float, ...] = Field((), description="list: each wait in turn")
    maximum_wait_seconds: float = Field(86_400.0, gt=0, description="exponential: no wait is longer")
    retries: int | None = Field(None, ge=0, description="tries after the first one; list: as many as waits")
    jitter_percent: float = Field(0.0, ge=0, le=100, description="each wait varies at random by up to this")
    maximum_age_hours: float | None = Field(None, gt=0, description="no retry begins later than this after the first")


class PublisherSettings(Section):
    host: str = Field("127.0.0.1", description="address of health and metrics")
    port: int = Field(0, ge=0, le=65535, description="port of health and metrics; 0: a free one")
    concurrency: int = Field(64, ge=1, le=2000, description="callbacks in flight in one process at the most")
    poll_seconds: float = Field(0.5, gt=0, description="how often due callbacks are looked for without a wake-up")
    lease_margin_seconds: float = Field(5.0, gt=0, description="a lease outlives the endpoint's timeout by this")
    max_answer_bytes: int = Field(64 * 1024, ge=1024, description="an answer is read up to here")
    kept_answer_bytes: int = Field(4096, ge=0, description="an answer is kept up to here")
    retry_after_maximum_seconds: float = Field(3600.0, gt=0, description="a partner's Retry-After counts up to here")
    stop_grace_seconds: float = Field(10.0, ge=0, description="patience for calls in flight when stopping")
    allowed_private_networks: tuple[IPvAnyNetwork, ...] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="networks that are not public and may be called all the same; every other such address is refused",
    )


class ReplayerSettings(Section):
    host: str = Field("127.0.0.1", description="address of health and metrics")
    port: int = Field(0, ge=0, le=65535, description="port of health and metrics; 0: a free one")
    lease_seconds: float = Field(15.0, ge=1, description="a run whose replayer was silent this long is taken over")
    rate_per_second: float = Field(
        500.0, ge=0, description="events that a run takes in a second, where it does not say; 0: no limit"
    )


class ConsoleSettings(Section):
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8081, ge=0, le=65535, description="port to listen on; 0: a free one")


class Settings(BaseSettings):
    """All settings of all services; each service reads its own section and the shared ones."""

    model_config = SettingsConfigDict(
        env_prefix="TICKETWIRE_", env_nested_delimiter="__", toml_file="ticketwire.toml", extra="forbid", frozen=True
    )

    data_dir: Path = Field(Path(".ticketwire"), description="where the embedded Kafka and Postgres keep their data")
    admin_token: SecretStr = Field(SecretStr(""), description="bearer token of the console; `up` makes one if empty")
    encryption_keys: tuple[SecretStr, ...] = Field(
        (), description="Fernet keys for secrets at rest, newest first; `up` makes one if empty"
    )
    log_format: Literal["json", "text"] = Field("json", description="log lines for machines or for people")
    kafka: KafkaSettings = Field(KafkaSettings(), description="the brokers")
    postgres: PostgresSettings = Field(PostgresSettings(), description="the database")
    ingest: IngestSettings = Field(IngestSettings(), description="suppliers' door")
    sources: dict[Name, SourceSettings] = Field(
        {}, description="who may send, by name; empty: one for each dialect, by its name, unverified"
    )
    processors: ProcessorSettings = Field(ProcessorSettings(), description="Kafka to Postgres")
    publisher: PublisherSettings = Field(PublisherSettings(), description="callbacks out")
    policies: dict[Name, PolicySettings] = Field({}, description="retry policies beside void and standard, by name")
    replayer: ReplayerSettings = Field(ReplayerSettings(), description="replays, redrives and other runs")
    console: ConsoleSettings = Field(ConsoleSettings(), description="the operator's API and page")

    @field_validator("policies")
    @classmethod
    def _lists_have_waits(cls, policies: dict[str, PolicySettings]) -> dict[str, PolicySettings]:
        for name, policy in policies.items():
            if policy.kind == "list" and not policy.waits_seconds:
                raise ValueError(f"policy {name!r} is a list without waits_seconds")
        return policies

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings() -> Settings:
    """Read and check all settings; raises ConfigurationError that names each wrong one, without its secret value."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{_place(part['loc'])}: {part['msg']}" for part in error.errors(include_input=False)]
        raise ConfigurationError(
            "settings are wrong: " + "; ".join(lines),
            hint="names and meanings: docs/settings.md; they come from ticketwire.toml and TICKETWIRE_… variables",
        ) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "settings"
