-- What was not sent yet and tells of an event that says something else now.
WITH unsent AS MATERIALIZED (
    SELECT callback_id FROM callbacks
    WHERE order_id = $1 AND event_id = ANY ($2::uuid[]) AND state IN ('queued', 'waiting', 'pending')
    ORDER BY callback_id
    FOR NO KEY UPDATE
)
UPDATE callbacks AS c SET state = 'cancelled', outcome = $3, finished_at = now()
FROM unsent, events AS e
WHERE c.callback_id = unsent.callback_id AND e.event_id = c.event_id
RETURNING c.endpoint_id, e.type
