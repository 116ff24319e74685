SELECT DISTINCT order_id FROM callbacks WHERE callback_id = ANY ($1::uuid[]) ORDER BY order_id
