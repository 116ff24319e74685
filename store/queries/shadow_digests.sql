-- A digest for each table in which an order has rows, as shadow_rows shows them; the same rows give the same digest in
-- every schema. As records in the tables' own text, which is quicker than JSON: nobody reads them.
SELECT order_id, jsonb_object_agg("table", digest) AS digests FROM (
    SELECT order_id, "table", md5(string_agg(row, ',' ORDER BY row COLLATE "C")) AS digest
    FROM (
        SELECT 'orders' AS "table", order_id, r::text AS row FROM (
            SELECT order_id, ticketed_event, ticketed_at, customer, attention FROM orders
            WHERE order_id = ANY ($1::uuid[]) AND (ticketed_event IS NOT NULL OR customer <> '' OR attention <> '{}')
        ) AS r
        UNION ALL
        SELECT 'passengers', order_id, r::text FROM passengers AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'tickets', order_id, r::text FROM tickets AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'pnrs', order_id, r::text FROM pnrs AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'ancillaries', order_id, r::text FROM ancillaries AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'void_cases', order_id, r::text FROM void_cases AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'void_statuses', order_id, r::text FROM void_statuses AS r WHERE order_id = ANY ($1::uuid[])
        UNION ALL
        SELECT 'events', order_id, ROW(event_id, type, arrived_at, content)::text FROM events
        WHERE order_id = ANY ($1::uuid[]) AND superseded_by IS NULL
    ) AS rows
    GROUP BY order_id, "table"
) AS tables
GROUP BY order_id
