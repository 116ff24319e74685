-- A known event keeps what it said; only an earlier arrival of it moves its time (schemas/ticketing.py). One that was
-- superseded and is said again counts again, as it is said now.
INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect, origin, raw)
SELECT * FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::text[], $7::text[], $8::bytea[])
ON CONFLICT (event_id) DO UPDATE
SET arrived_at = excluded.arrived_at, superseded_by = NULL,
    content = CASE WHEN events.superseded_by IS NULL THEN events.content ELSE excluded.content END
WHERE excluded.arrived_at < events.arrived_at OR events.superseded_by IS NOT NULL
