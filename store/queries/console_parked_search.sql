-- Filters that are null hold for all.
SELECT parked_id, processor, topic, partition, "offset", source, order_no, stage, reason, detail, fingerprint,
    code_version, state, parked_at, redrive_count, last_failed_at, settled_at, settled_reason, run_id,
    octet_length(value) AS value_bytes
FROM parked
WHERE ($1::text IS NULL OR state = $1)
    AND ($2::text IS NULL OR processor = $2)
    AND ($3::text IS NULL OR reason = $3)
    AND ($4::text IS NULL OR fingerprint = $4)
    AND ($5::text IS NULL OR order_no = $5)
    AND ($6::text IS NULL OR source = $6)
    AND ($7::text IS NULL OR topic = $7)
    AND ($8::timestamptz IS NULL OR parked_at >= $8)
    AND ($9::timestamptz IS NULL OR (parked_at, parked_id) < ($9, $10::uuid))
ORDER BY parked_at DESC, parked_id DESC
LIMIT $11
