INSERT INTO parked (parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, stage,
    reason, detail, fingerprint, code_version)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::bytea[], $7::bytea[],
    $8::jsonb[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
ON CONFLICT DO NOTHING
