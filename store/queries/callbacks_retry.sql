-- Locked callbacks are owed once more, in their orders' sequence (DESIGN §2 rule 5): of all that is unfinished for an
-- order at an endpoint, the first by sequence is due now and the others queue behind it, unless one is being sent or
-- waits for something else: that one stays ahead. All of them must be locked, by statements of their own.
-- $2: those that were given up begin their policy anew.
WITH chosen AS (
    SELECT c.callback_id, c.endpoint_id, c.order_id, c.sequence, c.state FROM callbacks AS c
    WHERE c.callback_id = ANY ($1::uuid[])
        AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
), others AS MATERIALIZED (
    SELECT c.callback_id, c.endpoint_id, c.order_id, c.sequence,
        CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END AS state
    FROM callbacks AS c
    JOIN (SELECT DISTINCT endpoint_id, order_id FROM chosen) AS pair USING (endpoint_id, order_id)
    LEFT JOIN leases AS l ON l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id
    WHERE c.state IN ('queued', 'waiting', 'pending', 'sending')
        AND c.callback_id <> ALL (ARRAY(SELECT callback_id FROM chosen))
), line AS (
    SELECT *, row_number() OVER (PARTITION BY endpoint_id, order_id ORDER BY sequence, callback_id) AS place
    FROM (
        SELECT *, true AS chosen FROM chosen
        UNION ALL
        SELECT *, false FROM others WHERE state IN ('queued', 'pending')
    ) AS movable
), turn AS (
    SELECT line.*, CASE WHEN place = 1 AND NOT EXISTS (
        SELECT FROM others AS ahead
        WHERE ahead.endpoint_id = line.endpoint_id AND ahead.order_id = line.order_id
            AND ahead.state IN ('sending', 'waiting'))
        THEN 'pending' ELSE 'queued' END AS next_state
    FROM line
)
UPDATE callbacks AS c
SET state = turn.next_state, due_at = now(), finished_at = NULL,
    trigger = CASE WHEN turn.chosen THEN 'manual' ELSE c.trigger END,
    replay = c.replay OR turn.state IN ('delivered', 'suppressed'),
    attempts = CASE WHEN $2 AND turn.state = 'given_up' THEN 0 ELSE c.attempts END,
    first_attempt_at = CASE WHEN $2 AND turn.state = 'given_up' THEN NULL ELSE c.first_attempt_at END
FROM turn
WHERE c.callback_id = turn.callback_id AND (turn.chosen OR turn.state <> turn.next_state)
RETURNING c.callback_id, c.order_id, turn.state AS before, c.state, turn.chosen
