-- Which endpoints have work now, how much, and when they will have some (more). A claim of an endpoint's callbacks holds the
-- endpoint's advisory lock, so that its limits hold across publishers; who meets the lock looks again in a moment.
-- What is being sent is pending and due as well: so many are counted more, and taken off again, which reads no row.
SELECT endpoint_id, updated_at, extract(epoch FROM due_at - now())::double precision AS due_in_seconds,
    CASE WHEN due_at <= now() THEN pg_try_advisory_xact_lock(720261, hashtext(endpoint_id::text)) ELSE false END AS ours,
    CASE WHEN due_at <= now() THEN due ELSE 0 END AS due,
    extract(epoch FROM CASE WHEN due_at <= now() THEN next_due_at ELSE due_at END - now())::double precision
        AS next_due_in_seconds
FROM (
    SELECT e.endpoint_id, e.updated_at, counted.due, later.due_at AS next_due_at,
        GREATEST(CASE WHEN counted.due > 0 THEN first.due_at ELSE later.due_at END, pace.next_call_at) AS due_at
    FROM endpoints AS e
    CROSS JOIN LATERAL (
        SELECT c.due_at FROM callbacks AS c
        WHERE c.endpoint_id = e.endpoint_id AND c.state = 'pending' ORDER BY c.due_at LIMIT 1
    ) AS first
    CROSS JOIN LATERAL (SELECT count(*) AS number FROM leases AS l WHERE l.endpoint_id = e.endpoint_id) AS leased
    CROSS JOIN LATERAL (
        SELECT count(*) - leased.number AS due FROM (
            SELECT FROM callbacks AS c
            WHERE c.endpoint_id = e.endpoint_id AND c.state = 'pending' AND c.due_at <= now()
            ORDER BY c.due_at LIMIT $2 + leased.number  -- in the order that only the index of what is due has
        ) AS found
    ) AS counted
    LEFT JOIN LATERAL (
        SELECT c.due_at FROM callbacks AS c
        WHERE c.endpoint_id = e.endpoint_id AND c.state = 'pending' AND c.due_at > now() ORDER BY c.due_at LIMIT 1
    ) AS later ON true
    LEFT JOIN endpoint_paces AS pace ON pace.endpoint_id = e.endpoint_id AND e.rate_limit IS NOT NULL
    WHERE e.state = 'enabled' AND e.deleted_at IS NULL AND e.endpoint_id <> ALL ($1::uuid[])
) AS work
WHERE due > 0 OR next_due_at IS NOT NULL
