SELECT o.order_id, o.source, o.order_no, o.customer, o.ticketed_event, o.ticketed_at, o.attention, o.version,
    o.created_at, o.updated_at,
    CASE
        WHEN EXISTS (SELECT FROM void_cases v WHERE v.order_id = o.order_id AND v.status IN (2, 5)) THEN 'voided'
        WHEN EXISTS (SELECT FROM void_cases v WHERE v.order_id = o.order_id AND v.status NOT IN (2, 4, 5, 6))
            THEN 'void-in-progress'
        WHEN o.ticketed_event IS NOT NULL THEN 'ticketed'
        ELSE 'not-ticketed'
    END AS state,
    (SELECT coalesce(jsonb_object_agg(state, number), '{}')
     FROM (
        SELECT CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state, count(*) AS number
        FROM callbacks c LEFT JOIN leases l USING (endpoint_id, callback_id)
        WHERE c.order_id = o.order_id GROUP BY 1) AS told
    ) AS callbacks
FROM orders o
WHERE o.order_id = $1
