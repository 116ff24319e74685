-- The row must be locked; what is being sent is not cancelled.
WITH present AS (
    SELECT c.callback_id, c.state FROM callbacks AS c
    WHERE c.callback_id = $1 AND c.state IN ('queued', 'waiting', 'pending')
        AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
)
UPDATE callbacks AS c SET state = 'cancelled', outcome = $2, finished_at = now()
FROM present WHERE c.callback_id = present.callback_id
RETURNING c.endpoint_id, c.order_id, present.state AS before
