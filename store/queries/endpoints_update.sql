UPDATE endpoints
SET name = $2, url = $3, dialect = $4, event_types = $5, policy = $6, secrets = $7, rate_limit = $8,
    max_in_flight = $9, timeout_seconds = $10, on_give_up = $11, filter = $12, updated_at = now()
WHERE endpoint_id = $1
RETURNING *
