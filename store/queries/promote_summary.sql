SELECT promoted, count(*) AS number,
    (array_agg(difference ->> 'order_no' ORDER BY order_id))[1:$1::integer] AS first_orders
FROM differences GROUP BY promoted
