-- Shared among those who owe, exclusive for the one who stores a context (contexts_lock.sql). Nobody is slowed down
-- while no endpoint depends on contexts.
SELECT pg_advisory_xact_lock_shared(720262, bucket)
FROM (SELECT bucket FROM unnest($1::integer[]) AS bucket ORDER BY bucket) AS ordered
WHERE EXISTS (SELECT FROM endpoints WHERE dialect = ANY ($2::text[]) AND deleted_at IS NULL)
