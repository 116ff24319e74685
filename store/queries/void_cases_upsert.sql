INSERT INTO void_cases (order_id, void_code, status, message, status_event, status_at, contradicted)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::uuid[], $6::timestamptz[], $7::boolean[])
ON CONFLICT (order_id, void_code) DO UPDATE
SET status = excluded.status, message = excluded.message, status_event = excluded.status_event,
    status_at = excluded.status_at, contradicted = excluded.contradicted
