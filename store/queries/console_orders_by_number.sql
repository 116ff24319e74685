-- An order that was never applied may still be known by what is parked of it.
SELECT order_id, source FROM orders WHERE order_no = $1
UNION ALL
SELECT DISTINCT NULL::uuid, p.source FROM parked p
WHERE p.order_no = $1 AND NOT EXISTS (SELECT FROM orders o WHERE o.order_no = $1 AND o.source = p.source)
ORDER BY source
