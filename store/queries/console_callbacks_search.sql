-- Filters that are null hold for all.
SELECT c.callback_id, c.endpoint_id, n.name AS endpoint, n.dialect, c.order_id, e.content ->> 'order_no' AS order_no,
    o.source, c.event_id, e.type AS event_type, c.sequence, c.state, c.attempts, c.due_at, c.outcome, c.created_at,
    c.finished_at
FROM callbacks c
LEFT JOIN events e USING (event_id)
LEFT JOIN orders o ON o.order_id = c.order_id
LEFT JOIN endpoints n USING (endpoint_id)
WHERE ($1::text IS NULL OR c.state = $1)
    AND ($2::uuid IS NULL OR c.endpoint_id = $2)
    AND ($3::uuid[] IS NULL OR c.order_id = ANY ($3))
    AND ($4::text IS NULL OR e.type = $4)
    AND ($5::timestamptz IS NULL OR c.created_at >= $5)
    AND ($6::timestamptz IS NULL OR c.created_at < $6)
    AND ($7::timestamptz IS NULL OR (c.created_at, c.callback_id) < ($7, $8::uuid))
ORDER BY c.created_at DESC, c.callback_id DESC
LIMIT $9
