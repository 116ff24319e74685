INSERT INTO parked (parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage,
    reason, detail, fingerprint, code_version, timestamp_ms)
SELECT id, processor, topic, partition, "offset", key, value, headers::jsonb, source, order_no, stage, reason, detail,
    fingerprint, code_version, timestamp_ms
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::bytea[], $7::bytea[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[])
    AS new (id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage, reason, detail,
        fingerprint, code_version, timestamp_ms)
ON CONFLICT DO NOTHING
