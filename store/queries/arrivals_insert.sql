INSERT INTO arrivals (
    arrival_id, event_id, order_id, topic, partition, "offset", arrived_at, verdict, verified, code_version, run_id)
SELECT *, $10::text, $11::uuid FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::timestamptz[], $8::text[],
    $9::text[])
