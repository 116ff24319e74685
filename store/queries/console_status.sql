SELECT
    (SELECT coalesce(jsonb_object_agg(state, number), '{}')
     FROM (
        SELECT CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state, count(*) AS number
        FROM callbacks c LEFT JOIN leases l USING (endpoint_id, callback_id) GROUP BY 1) AS told) AS callbacks,
    due.number AS due,
    due.oldest_seconds AS oldest_due_seconds,
    (SELECT count(*) FROM parked WHERE state = 'parked') AS parked,
    (SELECT count(*) FROM orders) AS orders,
    (SELECT count(*) FROM endpoints WHERE deleted_at IS NULL AND state = 'enabled') AS endpoints_enabled,
    (SELECT count(*) FROM endpoints WHERE deleted_at IS NULL AND state = 'disabled') AS endpoints_disabled
FROM (
    SELECT count(*) AS number, coalesce(extract(epoch FROM now() - min(c.due_at)), 0)::double precision
        AS oldest_seconds
    FROM callbacks c
    JOIN endpoints e USING (endpoint_id)
    WHERE c.state = 'pending' AND c.due_at <= now() AND e.state = 'enabled' AND e.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
) AS due
