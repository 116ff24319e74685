-- What was not sent yet and tells of an event that says something else now. The rows must be locked.
UPDATE callbacks AS c SET state = 'cancelled', outcome = $3, finished_at = now()
FROM events AS e
WHERE c.order_id = $1 AND c.event_id = ANY ($2::uuid[]) AND c.state IN ('queued', 'waiting', 'pending')
    AND NOT EXISTS (SELECT FROM leases AS l WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id)
    AND e.event_id = c.event_id
RETURNING c.endpoint_id, e.type
