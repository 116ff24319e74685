-- Filters that are null hold for all. $10: whether it is being sent, which is no state of its own in the table.
SELECT c.callback_id, c.endpoint_id, n.name AS endpoint, n.dialect, c.order_id, e.content ->> 'order_no' AS order_no,
    o.source, c.event_id, e.type AS event_type, c.sequence,
    CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state,
    c.attempts + CASE WHEN l.callback_id IS NULL THEN 0 ELSE 1 END AS attempts, c.due_at, c.outcome, c.created_at,
    c.finished_at
FROM callbacks c
LEFT JOIN events e USING (event_id)
LEFT JOIN orders o ON o.order_id = c.order_id
LEFT JOIN endpoints n USING (endpoint_id)
LEFT JOIN leases l USING (endpoint_id, callback_id)
WHERE ($1::text IS NULL OR c.state = $1)
    AND ($10::boolean IS NULL OR (l.callback_id IS NOT NULL) = $10)
    AND ($10 IS NOT TRUE OR c.callback_id = ANY (ARRAY(SELECT callback_id FROM leases)))  -- lest all that waits is read
    AND ($2::uuid IS NULL OR c.endpoint_id = $2)
    AND ($3::uuid[] IS NULL OR c.order_id = ANY ($3))
    AND ($4::text IS NULL OR e.type = $4)
    AND ($5::timestamptz IS NULL OR c.created_at >= $5)
    AND ($6::timestamptz IS NULL OR c.created_at < $6)
    AND ($7::timestamptz IS NULL OR (c.created_at, c.callback_id) < ($7, $8::uuid))
ORDER BY c.created_at DESC, c.callback_id DESC
LIMIT $9
