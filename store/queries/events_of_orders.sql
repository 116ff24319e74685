SELECT event_id, order_id, arrived_at, content FROM events
WHERE order_id = ANY ($1::uuid[]) AND type = $2 AND superseded_by IS NULL
