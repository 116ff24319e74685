-- A call whose publisher did not say how it ended; or one leased to this worker ($1) that it does not hold ($2), and so
-- never began: the claim was committed, but Postgres' word of it was lost. While Postgres itself is younger than $3
-- seconds no other's lease is taken back: publishers that held results while it was away come first.
SELECT callback_id, endpoint_id, order_id, attempts, attempt_number, trigger, leased_by, sending_since, now() AS seen_at,
    extract(epoch FROM sending_since - first_attempt_at)::double precision AS age_seconds
FROM callbacks
WHERE state = 'sending'
    AND CASE leased_by WHEN $1 THEN callback_id <> ALL ($2::uuid[]) ELSE lease_until < now()
        AND pg_postmaster_start_time() < now() - make_interval(secs => $3::double precision) END
    AND callback_id <> ALL ($4::uuid[])
ORDER BY endpoint_id, lease_until LIMIT 1  -- as the index of leases lies, lest all that waits is read (decisions/0048)
FOR UPDATE SKIP LOCKED
