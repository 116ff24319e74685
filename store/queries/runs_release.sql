UPDATE runs SET lease_until = clock_timestamp() + make_interval(secs => $3), leased_by = NULL, error = $4
WHERE run_id = $1 AND state = 'running' AND leased_by = $2
