-- The contexts first: shared among those who owe, exclusive for the one who stores a context (contexts_lock.sql). Nobody
-- is slowed down while no endpoint depends on contexts. Then the orders, as orders_lock.sql does, which are looked for
-- only when the contexts are held.
WITH held AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(720262, bucket)
    FROM (SELECT bucket FROM unnest($2::integer[]) AS bucket ORDER BY bucket) AS ordered
    WHERE EXISTS (SELECT FROM endpoints WHERE dialect = ANY ($3::text[]) AND deleted_at IS NULL)
)
SELECT order_id, version FROM orders
WHERE order_id = ANY (CASE WHEN (SELECT count(*) FROM held) >= 0 THEN $1::uuid[] END)
ORDER BY order_id FOR NO KEY UPDATE
