-- What these void events say, and their orders, which must be locked by this transaction.
SELECT e.event_id, o.order_id, e.content, o.source, o.version, now() AS now
FROM unnest($1::uuid[], $2::uuid[]) AS asked (event_id, order_id)
JOIN events AS e ON e.event_id = asked.event_id AND e.type = 'order.void'
JOIN orders AS o ON o.order_id = asked.order_id
