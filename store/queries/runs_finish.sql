UPDATE runs SET state = $3, result = $4, error = $5, finished_at = clock_timestamp(), lease_until = NULL,
    leased_by = NULL
WHERE run_id = $1 AND state = 'running' AND leased_by = $2
RETURNING *
