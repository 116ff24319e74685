-- The present state of these orders, row by row, without what only tells of its history. An order's own row counts
-- when it says more than that the order exists.
SELECT 'orders' AS "table", order_id, '' AS key, to_jsonb(r) - 'order_id' AS row FROM (
    SELECT order_id, ticketed_event, ticketed_at, customer, attention FROM orders
    WHERE order_id = ANY ($1::uuid[]) AND (ticketed_event IS NOT NULL OR customer <> '' OR attention <> '{}')
) AS r
UNION ALL
SELECT 'passengers', order_id, passenger::text, to_jsonb(r) - 'order_id' FROM passengers AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'tickets', order_id, passenger || '/' || position, to_jsonb(r) - 'order_id' FROM tickets AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'pnrs', order_id, passenger || '/' || position, to_jsonb(r) - 'order_id' FROM pnrs AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'ancillaries', order_id, passenger || '/' || position, to_jsonb(r) - 'order_id' FROM ancillaries AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'void_cases', order_id, void_code, to_jsonb(r) - 'order_id' FROM void_cases AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'void_statuses', order_id, void_code || '/' || event_id, to_jsonb(r) - 'order_id' FROM void_statuses AS r
WHERE order_id = ANY ($1::uuid[])
UNION ALL
SELECT 'events', order_id, event_id::text,
    jsonb_build_object('type', type, 'arrived_at', arrived_at, 'content', content)
FROM events WHERE order_id = ANY ($1::uuid[]) AND superseded_by IS NULL
