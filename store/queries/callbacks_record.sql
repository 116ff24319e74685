-- Results of attempts; the rows must be locked. The lease goes. A row that is no longer leased as the result says keeps
-- what it says, with one exception: a yes that comes after our lease was taken back still counts. At once, if nothing is
-- being sent; else when the attempt under way ends, as whatever it brings (it is on record among the attempts by then):
-- who has said yes is not asked again, and nothing that was accepted is given up. But not for a callback that was
-- delivered and is to be sent once more: that yes would undo the wish.
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::boolean[], $6::double precision[],
        $7::double precision[], $8::text[], $9::uuid[])
        AS told (callback_id, attempt_number, leased_by, state, counted, wait_seconds, pause_seconds, outcome, endpoint_id)
), ended AS (
    DELETE FROM leases AS l USING told
    WHERE l.endpoint_id = told.endpoint_id AND l.callback_id = told.callback_id
        AND l.attempt_number = told.attempt_number AND l.leased_by = told.leased_by
)
UPDATE callbacks AS c
SET state = CASE WHEN result.was_accepted AND NOT c.replay THEN 'delivered' ELSE result.state END,
    attempts = c.attempts + CASE WHEN result.counted AND result.sending_since IS NOT NULL THEN 1 ELSE 0 END,
    attempt_number = GREATEST(c.attempt_number, result.attempt_number),
    first_attempt_at = COALESCE(c.first_attempt_at, result.sending_since),
    due_at = CASE WHEN result.state = 'pending' THEN GREATEST(
        now(),
        result.sending_since + make_interval(secs => result.wait_seconds),
        now() + make_interval(secs => result.pause_seconds)) ELSE c.due_at END,
    trigger = CASE WHEN result.counted THEN 'policy' ELSE c.trigger END,
    outcome = CASE WHEN result.was_accepted AND NOT c.replay THEN '' ELSE result.outcome END,
    finished_at = CASE WHEN result.state IN ('pending', 'waiting') AND NOT (result.was_accepted AND NOT c.replay)
        THEN NULL ELSE now() END
FROM (
    SELECT told.*, ours.sending_since, CASE WHEN told.state = 'delivered' THEN false ELSE COALESCE((
        -- Not EXISTS, which could be answered by reading every attempt there is.
        SELECT true FROM attempts AS a WHERE a.callback_id = told.callback_id AND a.outcome = 'delivered' LIMIT 1
    ), false) END AS was_accepted
    FROM told
    LEFT JOIN leases AS ours ON ours.endpoint_id = told.endpoint_id AND ours.callback_id = told.callback_id
        AND ours.attempt_number = told.attempt_number AND ours.leased_by = told.leased_by
) AS result
WHERE c.callback_id = result.callback_id
    -- CASE, lest the planner with old statistics fetches all that is pending to find a few.
    AND CASE WHEN c.state <> 'pending' THEN false WHEN result.sending_since IS NOT NULL THEN true
        ELSE result.state = 'delivered' AND NOT c.replay AND result.attempt_number <= c.attempt_number
            AND NOT EXISTS (SELECT FROM leases AS l
                WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id) END
RETURNING c.callback_id, c.endpoint_id, c.order_id, c.event_id, c.state, c.attempts,
    extract(epoch FROM c.due_at - now())::double precision AS due_in_seconds
