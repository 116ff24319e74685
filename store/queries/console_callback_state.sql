SELECT CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state, c.endpoint_id, c.order_id, e.name AS endpoint, e.state AS endpoint_state,
    e.deleted_at IS NOT NULL AS endpoint_deleted
FROM callbacks c LEFT JOIN endpoints e USING (endpoint_id)
LEFT JOIN leases l USING (endpoint_id, callback_id)
WHERE c.callback_id = $1
