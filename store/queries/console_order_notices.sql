SELECT type, event_id, arrived_at, content FROM events
WHERE order_id = $1 AND type IN ('order.rejected', 'order.changed', 'order.refunded') AND superseded_by IS NULL
ORDER BY arrived_at, event_id
