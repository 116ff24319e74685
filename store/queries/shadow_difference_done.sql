UPDATE differences SET promoted = $2 WHERE order_id = $1
