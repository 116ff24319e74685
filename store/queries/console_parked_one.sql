SELECT parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage, reason, detail,
    fingerprint, code_version, state, parked_at, redrive_count, last_failed_at, settled_at, settled_reason, run_id,
    octet_length(value) AS value_bytes
FROM parked
WHERE parked_id = $1
