-- The next of a selection at one endpoint ($2), the longest owed first, each with those of its order that are meant too:
-- an order's callbacks are moved together, so that a later page brings none that belongs before them.
-- $7: the moment of the wish; what ended since, by this very retry or otherwise, is not meant.
WITH page AS MATERIALIZED (
    SELECT c.callback_id, c.order_id, c.created_at FROM callbacks AS c
    WHERE c.state = ANY ($1::text[])
        AND ($2::uuid IS NULL OR c.endpoint_id = $2)
        AND ($3::timestamptz IS NULL OR c.created_at >= $3)
        AND ($4::timestamptz IS NULL OR c.created_at < $4)
        AND ($5::timestamptz IS NULL OR CASE c.state WHEN 'pending' THEN c.attempts > 0 ELSE c.finished_at >= $5 END)
        AND ($6::text IS NULL OR EXISTS (SELECT FROM events AS e WHERE e.event_id = c.event_id AND e.type = $6))
        AND c.created_at <= $7 AND (c.state = 'pending' OR COALESCE(c.finished_at, c.created_at) <= $7)
        AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
        AND ($8::timestamptz IS NULL OR (c.created_at, c.callback_id) > ($8, $9::uuid))
    ORDER BY c.created_at, c.callback_id
    LIMIT $10
)
SELECT callback_id, created_at, true AS in_page FROM page
UNION ALL
SELECT c.callback_id, c.created_at, false FROM callbacks AS c
WHERE c.state = ANY ($1::text[])
    AND ($2::uuid IS NULL OR c.endpoint_id = $2)
    AND ($3::timestamptz IS NULL OR c.created_at >= $3)
    AND ($4::timestamptz IS NULL OR c.created_at < $4)
    AND ($5::timestamptz IS NULL OR CASE c.state WHEN 'pending' THEN c.attempts > 0 ELSE c.finished_at >= $5 END)
    AND ($6::text IS NULL OR EXISTS (SELECT FROM events AS e WHERE e.event_id = c.event_id AND e.type = $6))
    AND c.created_at <= $7 AND (c.state = 'pending' OR COALESCE(c.finished_at, c.created_at) <= $7)
    AND c.state <> 'pending' AND c.order_id IN (SELECT order_id FROM page)
    AND c.callback_id NOT IN (SELECT callback_id FROM page)
ORDER BY in_page, created_at, callback_id
