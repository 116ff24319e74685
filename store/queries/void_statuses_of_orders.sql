SELECT order_id, void_code, event_id, status, message, arrived_at FROM void_statuses WHERE order_id = ANY ($1::uuid[])
