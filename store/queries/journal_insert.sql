INSERT INTO journal (order_id, version, event_id, change, told)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::jsonb[], $5::boolean[])
