SELECT order_id FROM touched WHERE $1::uuid IS NULL OR order_id > $1 ORDER BY order_id LIMIT $2
