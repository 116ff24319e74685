INSERT INTO void_statuses (order_id, void_code, event_id, status, message, arrived_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::timestamptz[])
ON CONFLICT (order_id, void_code, event_id) DO UPDATE SET arrived_at = excluded.arrived_at
WHERE excluded.arrived_at < void_statuses.arrived_at
