-- New orders only; a concurrent inserter of the same order is waited for. First of all, while nothing else is locked, the
-- locks of the orders' contexts ($4: buckets): shared among those who owe, exclusive for who stores one
-- (contexts_lock.sql). None is taken while no endpoint's callbacks depend on contexts ($5: the dialects that do).
WITH held AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(720262, bucket)
    FROM (SELECT bucket FROM unnest($4::integer[]) AS bucket ORDER BY bucket) AS ordered
    WHERE EXISTS (SELECT FROM endpoints WHERE dialect = ANY ($5::text[]) AND deleted_at IS NULL)
)
INSERT INTO orders (order_id, source, order_no)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
WHERE (SELECT count(*) FROM held) >= 0  -- worked out before the first row
ON CONFLICT DO NOTHING
RETURNING order_id
