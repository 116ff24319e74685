"""The one list of metrics: name, kind, labels, meaning and what to do about it. docs/metrics.md is made from it.

Label values are closed lists (types, codes, names from the configuration), never ids: cardinality stays bounded.
"""

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the list. `remedy` says what an operator does when the figure is bad."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    remedy: str


METRICS: list[Metric] = []


def counter(name: str, *labels: str, meaning: str, remedy: str) -> Counter:
    METRICS.append(Metric(name, "counter", labels, meaning, remedy))
    return Counter(name, meaning, labels, registry=REGISTRY)


def gauge(name: str, *labels: str, meaning: str, remedy: str) -> Gauge:
    METRICS.append(Metric(name, "gauge", labels, meaning, remedy))
    return Gauge(name, meaning, labels, registry=REGISTRY)


def histogram(name: str, *labels: str, meaning: str, remedy: str) -> Histogram:
    METRICS.append(Metric(name, "histogram", labels, meaning, remedy))
    return Histogram(name, meaning, labels, registry=REGISTRY, buckets=SECONDS)


ingest_requests = counter(
    "ticketwire_ingest_requests_total",
    "source",
    "status",
    meaning="requests answered at ingest, by configured source (or unknown) and HTTP status",
    remedy="401: check the source's secrets; 503: see ticketwire_ingest_send_seconds and the brokers",
)
ingest_send_seconds = histogram(
    "ticketwire_ingest_send_seconds",
    meaning="from the wrapped event to the brokers' acknowledgement",
    remedy="above 0.5 s: look at the brokers' disks and at min.insync.replicas",
)
ingest_in_flight_bytes = gauge(
    "ticketwire_ingest_in_flight_bytes",
    meaning="bodies received and not yet answered",
    remedy="near ingest.max_in_flight_bytes: Kafka is slow, or more ingest processes are needed",
)
producer_rebuilds = counter(
    "ticketwire_producer_rebuilds_total",
    meaning="Kafka producers replaced after a fatal error",
    remedy="growing: read ingest's log for the producer's error",
)
kafka_unwritable_partitions = gauge(
    "ticketwire_kafka_unwritable_partitions",
    meaning="partitions of our topics without a reachable leader or with too few replicas in sync",
    remedy="above 0: bring brokers back; until then events of these partitions are answered 503",
)
events_processed = counter(
    "ticketwire_events_processed_total",
    "processor",
    "outcome",
    meaning="arrivals by outcome: applied, repeat, redelivered, parked",
    remedy="parked growing: ticketwire parked list",
)
batch_seconds = histogram(
    "ticketwire_batch_seconds",
    "processor",
    meaning="one batch from decoding to the committed transaction",
    remedy="above 1 s: look at Postgres",
)
consumer_lag = gauge(
    "ticketwire_consumer_lag_records",
    "processor",
    meaning="records that lie on Kafka and are not yet processed",
    remedy="growing: start another process of this processor, at most one per partition",
)
processor_stopped = gauge(
    "ticketwire_processor_stopped",
    "processor",
    meaning="1 when the parking limit stopped this processor",
    remedy="read its log; fix the decoder or the source, then restart the processor",
)
attempts_made = counter(
    "ticketwire_attempts_total",
    "dialect",
    "outcome",
    meaning="calls to endpoints by outcome: delivered, try_again, given_up, interrupted",
    remedy="try_again growing: ticketwire callback list --state pending",
)
callbacks_due = gauge(
    "ticketwire_callbacks_due",
    meaning="callbacks that are due now and not yet claimed",
    remedy="growing: start another publisher, or find the endpoint that does not answer",
)
oldest_due_seconds = gauge(
    "ticketwire_callbacks_oldest_due_seconds",
    meaning="how long the oldest due callback has waited; alert when there is no data too",
    remedy="above 60 s: see ticketwire_callbacks_due",
)
send_seconds = histogram(
    "ticketwire_send_seconds",
    "dialect",
    meaning="one call to an endpoint, from the first byte sent to the answer",
    remedy="look at the partner; other endpoints do not wait for it",
)
leases_rescued = counter(
    "ticketwire_leases_rescued_total",
    meaning="callbacks taken back from a publisher that died while sending, or that never knew of its claim",
    remedy="growing: publishers are being killed; those attempts show as may-have-been-sent",
)
runs_ended = counter(
    "ticketwire_runs_total",
    "kind",
    "state",
    meaning="replays, redrives and other runs that ended, by kind and how: done, failed, cancelled",
    remedy="failed growing: ticketwire replay list --state failed",
)


def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)
