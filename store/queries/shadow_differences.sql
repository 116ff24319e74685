SELECT order_id, baseline, target, difference, promoted FROM differences
WHERE $1::uuid IS NULL OR order_id > $1
ORDER BY order_id LIMIT $2
