"""The brokers and their security, in FastStream's words."""

from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from runtime.kafka_clients import client_arguments, ssl_context
from runtime.settings import KafkaSettings

_MECHANISMS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def broker_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Constructor arguments of KafkaBroker; raises ConfigurationError as `client_arguments` does."""
    servers = client_arguments(settings)["bootstrap_servers"]
    use_ssl = settings.security_protocol.endswith("SSL")
    if settings.security_protocol.startswith("SASL"):
        security: BaseSecurity = _MECHANISMS[settings.sasl_mechanism](
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value(),
            use_ssl=use_ssl,
            ssl_context=ssl_context(settings),
        )
    else:
        security = BaseSecurity(use_ssl=use_ssl, ssl_context=ssl_context(settings))
    return {"bootstrap_servers": servers, "security": security}
