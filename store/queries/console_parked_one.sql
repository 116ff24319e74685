SELECT parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage, reason, detail,
    fingerprint, code_version, state, parked_at, octet_length(value) AS value_bytes
FROM parked
WHERE parked_id = $1
