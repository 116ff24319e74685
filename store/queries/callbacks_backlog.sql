SELECT count(*) AS due, COALESCE(extract(epoch FROM now() - min(due_at)), 0)::double precision AS oldest_seconds
FROM (
    SELECT c.due_at FROM callbacks AS c JOIN endpoints AS e USING (endpoint_id)
    WHERE c.state = 'pending' AND c.due_at <= now() AND e.state = 'enabled' AND e.deleted_at IS NULL
        AND NOT EXISTS (
            SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
    LIMIT 100000
) AS due
