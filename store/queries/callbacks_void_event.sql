-- The order must be locked by this transaction.
SELECT e.content, o.source, o.version, now() AS now
FROM events AS e JOIN orders AS o ON o.order_id = $2
WHERE e.event_id = $1 AND e.type = 'order.void'
