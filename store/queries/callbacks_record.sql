-- Results of attempts; the rows must be locked. A row that is no longer ours keeps what it says, with one exception: a
-- yes that comes after our lease was taken back still counts. At once, if nothing is being sent; else when the attempt
-- under way ends, as whatever it brings (it is on record among the attempts by then): who has said yes is not asked
-- again, and nothing that was accepted is given up. But not for a callback that was delivered and is to be sent once
-- more: that yes would undo the wish.
UPDATE callbacks AS c
SET state = CASE WHEN result.was_accepted AND NOT c.replay THEN 'delivered' ELSE result.state END,
    attempts = CASE WHEN result.counted THEN c.attempts ELSE c.attempts - 1 END,
    due_at = CASE WHEN result.state = 'pending' THEN GREATEST(
        now(),
        c.sending_since + make_interval(secs => result.wait_seconds),
        now() + make_interval(secs => result.pause_seconds)) ELSE c.due_at END,
    trigger = CASE WHEN result.counted THEN 'policy' ELSE c.trigger END,
    lease_until = NULL, leased_by = NULL, sending_since = NULL,
    outcome = CASE WHEN result.was_accepted AND NOT c.replay THEN '' ELSE result.outcome END,
    finished_at = CASE WHEN result.state IN ('pending', 'waiting') AND NOT (result.was_accepted AND NOT c.replay)
        THEN NULL ELSE now() END
FROM (
    SELECT told.*, CASE WHEN told.state = 'delivered' THEN false ELSE COALESCE((
        -- Not EXISTS, which could be answered by reading every attempt there is.
        SELECT true FROM attempts AS a WHERE a.callback_id = told.callback_id AND a.outcome = 'delivered' LIMIT 1
    ), false) END AS was_accepted
    FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::double precision[],
        $7::double precision[], $8::text[])
        AS told (callback_id, attempt_number, leased_by, state, counted, wait_seconds, pause_seconds, outcome)
) AS result
WHERE c.callback_id = result.callback_id AND result.attempt_number <= c.attempt_number
    -- CASE, lest the planner with old statistics fetches all that is pending to find a few.
    AND CASE c.state
        WHEN 'sending' THEN c.attempt_number = result.attempt_number AND c.leased_by = result.leased_by
        WHEN 'pending' THEN result.state = 'delivered' AND NOT c.replay
        ELSE false END
RETURNING c.callback_id, c.endpoint_id, c.order_id, c.event_id, c.state, c.attempts,
    extract(epoch FROM c.due_at - now())::double precision AS due_in_seconds
