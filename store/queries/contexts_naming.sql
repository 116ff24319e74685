SELECT DISTINCT o.order_id, c.party
FROM orders AS o JOIN order_contexts AS c ON c.order_no = o.order_no AND c.source IN ('', o.source)
WHERE o.order_id = ANY ($1::uuid[]) AND c.party = ANY ($2::text[])
