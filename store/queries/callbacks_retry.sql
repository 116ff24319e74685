-- Locked callbacks are owed once more: a pending one is due now; those that ended follow one another by sequence, behind
-- an unfinished one of the same order and endpoint (DESIGN §2 rule 5). The share lock makes a completion under way
-- finish first, or see us behind it. $2: those that were given up begin their policy anew.
WITH chosen AS (
    SELECT callback_id, endpoint_id, order_id, state,
        row_number() OVER (PARTITION BY endpoint_id, order_id, state = 'pending' ORDER BY sequence, callback_id) AS place
    FROM callbacks WHERE callback_id = ANY ($1::uuid[])
), ahead AS MATERIALIZED (
    SELECT other.endpoint_id, other.order_id
    FROM callbacks AS other
    JOIN (SELECT DISTINCT endpoint_id, order_id FROM chosen WHERE state <> 'pending') AS pair
        USING (endpoint_id, order_id)
    WHERE other.state IN ('queued', 'waiting', 'pending', 'sending')
    ORDER BY other.state = 'queued', other.callback_id  -- as completions take them: results first, then the queued
    FOR SHARE OF other
)
UPDATE callbacks AS c
SET state = CASE WHEN chosen.state <> 'pending' AND (chosen.place > 1 OR EXISTS (
        SELECT FROM ahead WHERE ahead.endpoint_id = c.endpoint_id AND ahead.order_id = c.order_id))
    THEN 'queued' ELSE 'pending' END,
    attempts = CASE WHEN $2 AND chosen.state = 'given_up' THEN 0 ELSE c.attempts END,
    first_attempt_at = CASE WHEN $2 AND chosen.state = 'given_up' THEN NULL ELSE c.first_attempt_at END,
    due_at = now(), trigger = 'manual', replay = c.replay OR chosen.state = 'delivered', finished_at = NULL
FROM chosen
WHERE c.callback_id = chosen.callback_id
RETURNING c.callback_id, c.order_id, chosen.state AS before, c.state
