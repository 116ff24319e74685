SELECT pg_advisory_xact_lock_shared(720262, bucket)
FROM (SELECT DISTINCT bucket FROM unnest($1::integer[]) AS bucket ORDER BY bucket) AS ordered
