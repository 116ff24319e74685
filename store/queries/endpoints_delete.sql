-- The name becomes free for another endpoint; the row stays, because callbacks and attempts tell of it.
UPDATE endpoints
SET deleted_at = now(), updated_at = now(), state = 'disabled', state_reason = 'deleted',
    name = name || ' (deleted ' || endpoint_id || ')'
WHERE endpoint_id = $1
