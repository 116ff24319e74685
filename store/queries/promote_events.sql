-- As the shadow has them. One that live knows keeps its body and where it came from.
INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect, origin, raw)
SELECT event_id, order_id, type, arrived_at, content, dialect, origin, raw FROM {shadow}.events
WHERE event_id = ANY ($1::uuid[])
ON CONFLICT (event_id) DO UPDATE
SET order_id = excluded.order_id, type = excluded.type, arrived_at = excluded.arrived_at, content = excluded.content,
    superseded_by = NULL
