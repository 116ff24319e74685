UPDATE endpoints SET state = $2, state_reason = $3, updated_at = now()
WHERE endpoint_id = $1
RETURNING *
