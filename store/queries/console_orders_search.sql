-- Filters that are null hold for all. The state is worked out for the page only, unless it is filtered by.
SELECT * FROM (
    SELECT o.order_id, o.source, o.order_no, o.customer, o.ticketed_at, o.attention, o.version, o.created_at,
        o.updated_at,
        CASE
            WHEN EXISTS (SELECT FROM void_cases v WHERE v.order_id = o.order_id AND v.status IN (2, 5)) THEN 'voided'
            WHEN EXISTS (SELECT FROM void_cases v WHERE v.order_id = o.order_id AND v.status NOT IN (2, 4, 5, 6))
                THEN 'void-in-progress'
            WHEN o.ticketed_event IS NOT NULL THEN 'ticketed'
            ELSE 'not-ticketed'
        END AS state,
        (SELECT count(*) FROM passengers p WHERE p.order_id = o.order_id) AS passengers,
        (SELECT count(*) FROM tickets t WHERE t.order_id = o.order_id) AS tickets
    FROM orders o
    WHERE ($1::text IS NULL OR o.order_no = $1)
        -- As arrays that are found first: an index then leads from them to the orders.
        AND ($2::text IS NULL OR o.order_id = ANY (ARRAY(SELECT order_id FROM tickets WHERE ticket_number = $2)))
        AND ($3::text IS NULL OR o.order_id = ANY (ARRAY(SELECT order_id FROM pnrs WHERE locator = $3)))
        AND ($4::text IS NULL OR EXISTS (
            SELECT FROM passengers p WHERE p.order_id = o.order_id AND starts_with(lower(p.name), lower($4))))
        AND ($5::text IS NULL OR o.source = $5)
        AND ($6::timestamptz IS NULL OR o.updated_at >= $6)
        AND ($7::boolean IS NULL OR (o.attention <> '{}') = $7)
        AND ($8::timestamptz IS NULL OR (o.updated_at, o.order_id) < ($8, $9::uuid))
) AS listed
WHERE ($10::text IS NULL OR state = $10)
ORDER BY updated_at DESC, order_id DESC
LIMIT $11
