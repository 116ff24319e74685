-- A call whose publisher did not say how it ended. While Postgres itself is younger than $3 seconds nobody's lease is
-- taken back: publishers that held results while it was away come first.
SELECT callback_id, endpoint_id, order_id, attempts, attempt_number, trigger, leased_by, sending_since, now() AS seen_at,
    extract(epoch FROM sending_since - first_attempt_at)::double precision AS age_seconds
FROM callbacks
WHERE state = 'sending' AND lease_until < now()
    AND NOT (leased_by = $1 AND callback_id = ANY ($2::uuid[]))
    AND pg_postmaster_start_time() < now() - make_interval(secs => $3::double precision)
    AND callback_id <> ALL ($4::uuid[])
ORDER BY callback_id LIMIT 1
FOR UPDATE SKIP LOCKED
