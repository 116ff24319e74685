-- The oldest that nobody works on; one whose replayer died is older than any that was asked since.
UPDATE runs SET state = 'running', leased_by = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
    started_at = coalesce(started_at, clock_timestamp()), error = ''
WHERE run_id = (
    SELECT run_id FROM runs
    WHERE state IN ('requested', 'running') AND kind = ANY ($1::text[])
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
    ORDER BY requested_at, run_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING *
