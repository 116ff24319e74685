-- Which endpoints have work now, how much, and when they will have some (more). A claim of an endpoint's callbacks holds the
-- endpoint's advisory lock, so that its limits hold across publishers; who meets the lock looks again in a moment.
-- What is being sent is pending too, and passed over: a value for each row, lest all leases or all that waits is read.
SELECT endpoint_id, updated_at, extract(epoch FROM due_at - now())::double precision AS due_in_seconds,
    CASE WHEN due_at <= now() THEN pg_try_advisory_xact_lock(720261, hashtext(endpoint_id::text)) ELSE false END AS ours,
    CASE WHEN due_at <= now() THEN (
        SELECT count(*) FROM (
            SELECT FROM callbacks AS c
            WHERE c.endpoint_id = work.endpoint_id AND c.state = 'pending' AND c.due_at <= now()
                AND COALESCE((SELECT false FROM leases AS l
                    WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id), true)
            LIMIT $2
        ) AS counted
    ) ELSE 0 END AS due,
    extract(epoch FROM CASE WHEN due_at <= now() THEN (
        SELECT c.due_at FROM callbacks AS c
        WHERE c.endpoint_id = work.endpoint_id AND c.state = 'pending' AND c.due_at > now() ORDER BY c.due_at LIMIT 1
    ) ELSE due_at END - now())::double precision AS next_due_in_seconds
FROM (
    SELECT e.endpoint_id, e.updated_at, GREATEST(first.due_at, pace.next_call_at) AS due_at
    FROM endpoints AS e
    CROSS JOIN LATERAL (
        SELECT c.due_at FROM callbacks AS c
        WHERE c.endpoint_id = e.endpoint_id AND c.state = 'pending'
            AND COALESCE((SELECT false FROM leases AS l
                WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id), true)
        ORDER BY c.due_at LIMIT 1
    ) AS first
    LEFT JOIN endpoint_paces AS pace ON pace.endpoint_id = e.endpoint_id AND e.rate_limit IS NOT NULL
    WHERE e.state = 'enabled' AND e.deleted_at IS NULL AND e.endpoint_id <> ALL ($1::uuid[])
) AS work
