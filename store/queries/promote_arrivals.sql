-- Each arrival of the order says the event that it is now. The hub's own events have no place on Kafka.
INSERT INTO arrivals (arrival_id, event_id, order_id, topic, partition, "offset", arrived_at, verdict, verified,
    code_version, run_id)
SELECT arrival_id, event_id, order_id, topic, partition, "offset", arrived_at, verdict, verified,
    code_version, $2
FROM {shadow}.arrivals WHERE order_id = $1 AND topic <> ''
ON CONFLICT (arrival_id) DO UPDATE
SET event_id = excluded.event_id, order_id = excluded.order_id, verdict = excluded.verdict,
    code_version = excluded.code_version, processed_at = now()
WHERE (arrivals.event_id, arrivals.order_id) <> (excluded.event_id, excluded.order_id)
