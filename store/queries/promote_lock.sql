-- A statement of its own: which of them are being sent by now is seen by the next one only.
SELECT FROM callbacks
WHERE order_id = $1 AND event_id = ANY ($2::uuid[]) AND state IN ('queued', 'waiting', 'pending')
ORDER BY callback_id
FOR NO KEY UPDATE
