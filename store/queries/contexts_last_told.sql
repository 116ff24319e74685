-- The present word on each order, by event type: what a channel that was not named until now has to hear.
SELECT DISTINCT ON (j.order_id, e.type) j.order_id, j.version, j.event_id, e.type, o.source, j.change
FROM journal AS j JOIN events AS e USING (event_id) JOIN orders AS o ON o.order_id = j.order_id
WHERE j.order_id = ANY ($1::uuid[]) AND j.told
ORDER BY j.order_id, e.type, j.version DESC
