-- How many more callbacks may be made due at this endpoint before first attempts would wait behind them: two rounds of
-- what it takes at once, or what its rate limit lets through in a second. A disabled one is not called: it has room.
SELECT CASE WHEN e.state = 'disabled' THEN $2::integer ELSE
    GREATEST(0, LEAST($2::integer, CASE WHEN e.rate_limit IS NULL THEN 2 * e.max_in_flight
        ELSE LEAST(2 * e.max_in_flight, GREATEST(1, ceil(e.rate_limit)))::integer END - (
            SELECT count(*)::integer FROM (
                SELECT FROM callbacks AS c
                WHERE c.endpoint_id = e.endpoint_id AND c.state = 'pending' AND c.due_at <= now()
                    AND COALESCE((SELECT false FROM leases AS l
                        WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id), true)
                LIMIT 1000
            ) AS due
        )))
    END AS room
FROM endpoints AS e
WHERE e.endpoint_id = $1 AND e.deleted_at IS NULL
