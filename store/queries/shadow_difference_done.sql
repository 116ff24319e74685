UPDATE differences SET promoted = $2 WHERE order_id = $1 AND promoted IS NULL RETURNING true
