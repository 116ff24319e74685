WITH present AS MATERIALIZED (
    SELECT callback_id, state FROM callbacks
    WHERE callback_id = $1 AND state IN ('queued', 'waiting', 'pending')
    FOR NO KEY UPDATE
)
UPDATE callbacks AS c SET state = 'cancelled', outcome = $2, finished_at = now()
FROM present WHERE c.callback_id = present.callback_id
RETURNING c.endpoint_id, c.order_id, present.state AS before
