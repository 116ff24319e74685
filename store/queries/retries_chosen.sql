-- What a selection of callbacks is about, by endpoint and state. Filters that are null hold for all.
-- $7: the moment of the wish, null: now; what ended since is not meant.
SELECT c.endpoint_id, n.name AS endpoint, n.state = 'disabled' AS disabled, c.state, count(*) AS number,
    count(DISTINCT c.order_id) AS orders, min(c.created_at) AS oldest, max(c.created_at) AS newest,
    (array_agg(c.callback_id ORDER BY c.created_at, c.callback_id))[1:3] AS sample
FROM callbacks AS c JOIN endpoints AS n ON n.endpoint_id = c.endpoint_id AND n.deleted_at IS NULL
WHERE c.state = ANY ($1::text[])
    AND ($2::uuid IS NULL OR c.endpoint_id = $2)
    AND ($3::timestamptz IS NULL OR c.created_at >= $3)
    AND ($4::timestamptz IS NULL OR c.created_at < $4)
    AND ($5::timestamptz IS NULL OR CASE c.state WHEN 'pending' THEN c.attempts > 0 ELSE c.finished_at >= $5 END)
    AND ($6::text IS NULL OR EXISTS (SELECT FROM events AS e WHERE e.event_id = c.event_id AND e.type = $6))
    AND c.created_at <= COALESCE($7::timestamptz, now())
    AND (c.state = 'pending' OR COALESCE(c.finished_at, c.created_at) <= COALESCE($7, now()))
    AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
GROUP BY c.endpoint_id, n.name, n.state, c.state
ORDER BY n.name, c.state
