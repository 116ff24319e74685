-- A call whose publisher did not say how it ended; or one leased to this worker ($1) that it does not hold ($2), and so
-- never began: the claim was committed, but Postgres' word of it was lost. While Postgres itself is younger than $3
-- seconds no other's lease is taken back: publishers that held results while it was away come first.
SELECT c.callback_id, c.endpoint_id, c.order_id, c.attempts + 1 AS attempts, l.attempt_number, c.trigger, l.leased_by,
    l.sending_since, now() AS seen_at,
    extract(epoch FROM l.sending_since - COALESCE(c.first_attempt_at, l.sending_since))::double precision AS age_seconds
FROM leases AS l JOIN callbacks AS c USING (callback_id)
WHERE CASE l.leased_by WHEN $1 THEN l.callback_id <> ALL ($2::uuid[]) ELSE l.lease_until < now()
        AND pg_postmaster_start_time() < now() - make_interval(secs => $3::double precision) END
    AND l.callback_id <> ALL ($4::uuid[])
ORDER BY l.endpoint_id, l.callback_id LIMIT 1
FOR UPDATE SKIP LOCKED
