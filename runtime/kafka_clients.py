"""Kafka clients: their common arguments, the creation of topics, and errors in our words.

The producer that services share is in `runtime.producer`.
"""

import ssl
from collections.abc import Iterable
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    for_code,
)

from runtime.errors import ConfigurationError, ServiceUnavailable
from runtime.settings import KafkaSettings

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""Largest record that our topics take. Kafka's own default, 1 MiB and 12 bytes, is less than the largest body we
accept plus its headers. A batch is stored compressed, but random text does not compress."""

MAX_VALUE_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""Largest value of a record: key and headers need room too."""

ADMIN_TIMEOUT_MS = 5_000

BROKER_UNREACHABLE = (KafkaError, OSError, TimeoutError)
"""What a client raises when it cannot speak with the brokers."""


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Constructor arguments that every aiokafka client shares: where the brokers are and how to speak with them.

    Raises ConfigurationError when no broker is configured or the certificate file cannot be read.
    """
    if not settings.bootstrap_servers:
        raise ConfigurationError(
            "no Kafka is configured",
            hint="set TICKETWIRE_KAFKA__BOOTSTRAP_SERVERS, or start everything with: ticketwire up",
        )
    arguments: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.bootstrap_servers.split(",")],
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return arguments


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """The TLS context that the protocol asks for, or None; raises ConfigurationError for an unusable file."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    try:
        return ssl.create_default_context(cafile=settings.ssl_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"kafka.ssl_ca_file {settings.ssl_ca_file} cannot be used: {error}",
            hint="give a PEM file with the authorities that signed the brokers' certificates",
        ) from error


async def ensure_topics(settings: KafkaSettings, names: Iterable[str], *, keep_forever: bool = False) -> list[str]:
    """Create the topics that are missing and return their names; safe to repeat and to run in several processes.

    `keep_forever`: without retention, for records that are old already when they are written.
    Existing topics are left as they are: their operator may have chosen otherwise. Raises ServiceUnavailable when the
    brokers cannot be reached now, ConfigurationError when they refuse the settings.
    """
    admin = AIOKafkaAdminClient(request_timeout_ms=ADMIN_TIMEOUT_MS, **client_arguments(settings))
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = sorted(set(names) - present)
        if missing:
            response: Any = await admin.create_topics([_new_topic(settings, name, keep_forever) for name in missing])
            _check_creation(settings, response.topic_errors)
    except BROKER_UNREACHABLE as error:
        raise ServiceUnavailable(
            f"Kafka at {settings.bootstrap_servers} could not be asked for its topics: {error!r}",
            hint="check that the brokers run and that kafka.bootstrap_servers is right",
        ) from error
    finally:
        await admin.close()
    return missing


def _new_topic(settings: KafkaSettings, name: str, keep_forever: bool) -> NewTopic:
    return NewTopic(
        name,
        settings.partitions,
        settings.replication_factor,
        topic_configs={
            "cleanup.policy": "delete",
            # Producers compress with zstd already; the brokers keep that, and spend nothing on it.
            "compression.type": "producer",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "min.insync.replicas": str(settings.min_insync_replicas),
            "retention.ms": "-1" if keep_forever else str(settings.retention_hours * 3_600_000),
        },
    )


def _check_creation(settings: KafkaSettings, topic_errors: Iterable[tuple[Any, ...]]) -> None:
    for name, code, *text in topic_errors:
        error = for_code(code)
        if code == 0 or error is TopicAlreadyExistsError:
            continue
        if error is InvalidReplicationFactorError:
            raise ConfigurationError(
                f"topic {name}: the brokers cannot keep {settings.replication_factor} replicas",
                hint="kafka.replication_factor may not exceed the number of brokers",
            )
        raise ServiceUnavailable(
            f"topic {name} could not be created: {error.__name__} {text[0] if text else ''}".rstrip(),
            hint="check the permission to create topics, or create it by hand (docs/operations.md)",
        )
