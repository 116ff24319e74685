-- What makes a difference stale though no row of the state moved: a change and its undoing, or one more arrival.
SELECT o.order_id, o.version,
    md5(o.version || coalesce(string_agg(a.arrival_id || '>' || a.event_id, ' ' ORDER BY a.arrival_id), '')) AS digest
FROM orders AS o LEFT JOIN arrivals AS a ON a.order_id = o.order_id
WHERE o.order_id = ANY ($1::uuid[])
GROUP BY o.order_id, o.version
