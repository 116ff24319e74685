-- One that nobody works on ends here; else its replayer is told, at its next checkpoint.
WITH present AS MATERIALIZED (
    SELECT run_id, state = 'requested' OR lease_until < clock_timestamp() AS idle FROM runs
    WHERE run_id = $1 AND state IN ('requested', 'running')
    FOR UPDATE
)
UPDATE runs SET cancel_requested = true,
    state = CASE WHEN idle THEN 'cancelled' ELSE state END,
    finished_at = CASE WHEN idle THEN clock_timestamp() END,
    lease_until = CASE WHEN idle THEN NULL ELSE lease_until END,
    leased_by = CASE WHEN idle THEN NULL ELSE leased_by END
FROM present
WHERE runs.run_id = present.run_id
RETURNING runs.*
