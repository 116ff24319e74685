INSERT INTO endpoints (endpoint_id, name, url, dialect, event_types, policy, secrets, rate_limit, max_in_flight,
                       timeout_seconds, on_give_up, filter)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (name) DO NOTHING
RETURNING *
