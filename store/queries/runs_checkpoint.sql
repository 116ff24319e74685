UPDATE runs SET lease_until = clock_timestamp() + make_interval(secs => $3), progress = coalesce($4::jsonb, progress)
WHERE run_id = $1 AND state = 'running' AND leased_by = $2
RETURNING cancel_requested
