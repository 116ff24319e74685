-- What counts for the state of these orders. The source is the order's.
SELECT e.event_id, e.order_id, o.source, o.order_no, e.type, e.arrived_at, e.content
FROM events AS e JOIN orders AS o ON o.order_id = e.order_id
WHERE e.order_id = ANY ($1::uuid[]) AND e.superseded_by IS NULL
