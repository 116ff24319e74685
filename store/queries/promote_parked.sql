INSERT INTO parked (parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage,
    reason, detail, fingerprint, code_version, timestamp_ms)
SELECT parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage, reason, detail,
    fingerprint, code_version, timestamp_ms
FROM {shadow}.parked WHERE parked_id = ANY ($1::uuid[])
ON CONFLICT (parked_id) DO UPDATE
SET state = 'parked', stage = excluded.stage, reason = excluded.reason, detail = excluded.detail,
    fingerprint = excluded.fingerprint, code_version = excluded.code_version, settled_at = NULL, run_id = NULL,
    settled_reason = ''
WHERE parked.state = 'redriven'
