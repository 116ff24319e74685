UPDATE callbacks SET state = 'cancelled', outcome = $2, finished_at = now()
WHERE callback_id = $1 AND state IN ('queued', 'waiting', 'pending')
RETURNING endpoint_id, order_id
