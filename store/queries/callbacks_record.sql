-- Results of attempts. A row that is no longer ours keeps what it says, with one exception: a yes that comes after our
-- lease was taken back still counts while nobody has sent again, which the attempt's number shows.
WITH result AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::double precision[],
        $7::double precision[], $8::text[])
        AS result (callback_id, attempt_number, leased_by, state, counted, wait_seconds, pause_seconds, outcome)
), ours AS MATERIALIZED (
    SELECT c.callback_id FROM callbacks AS c JOIN result USING (callback_id, attempt_number)
    WHERE (c.state = 'sending' AND c.leased_by = result.leased_by) OR (c.state = 'pending' AND result.state = 'delivered')
    ORDER BY c.callback_id
    FOR NO KEY UPDATE OF c
)
UPDATE callbacks AS c
SET state = result.state,
    attempts = CASE WHEN result.counted THEN c.attempts ELSE c.attempts - 1 END,
    due_at = CASE WHEN result.state = 'pending' THEN GREATEST(
        now(),
        c.sending_since + make_interval(secs => result.wait_seconds),
        now() + make_interval(secs => result.pause_seconds)) ELSE c.due_at END,
    trigger = CASE WHEN result.counted THEN 'policy' ELSE c.trigger END,
    lease_until = NULL, leased_by = NULL, sending_since = NULL, outcome = result.outcome,
    finished_at = CASE WHEN result.state IN ('pending', 'waiting') THEN NULL ELSE now() END
FROM result JOIN ours USING (callback_id)
WHERE c.callback_id = result.callback_id
RETURNING c.callback_id, c.endpoint_id, c.order_id, c.event_id, c.state, c.attempts
