-- New orders only; a concurrent inserter of the same order is waited for.
INSERT INTO orders (order_id, source, order_no)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING
RETURNING order_id
