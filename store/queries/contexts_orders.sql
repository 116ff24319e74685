SELECT order_id, source FROM orders WHERE order_no = $1 AND $2 IN ('', source) ORDER BY order_id FOR NO KEY UPDATE
