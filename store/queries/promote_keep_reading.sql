INSERT INTO superseded_readings (run_id, event_id, order_id, arrived_at, content)
SELECT $2, event_id, order_id, arrived_at, content FROM events WHERE event_id = ANY ($1::uuid[])
