SELECT c.callback_id, c.endpoint_id, n.name AS endpoint, n.dialect, n.policy, c.order_id,
    e.content ->> 'order_no' AS order_no, o.source, c.event_id, e.type AS event_type, c.sequence,
    CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state,
    c.attempts + CASE WHEN l.callback_id IS NULL THEN 0 ELSE 1 END AS attempts,
    c.due_at, c.trigger, c.replay, c.outcome, c.created_at, c.finished_at, l.attempt_number, l.sending_since, l.leased_by
FROM callbacks c
LEFT JOIN events e USING (event_id)
LEFT JOIN orders o ON o.order_id = c.order_id
LEFT JOIN endpoints n USING (endpoint_id)
LEFT JOIN leases l USING (endpoint_id, callback_id)
WHERE c.callback_id = $1
