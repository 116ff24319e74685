DELETE FROM order_contexts WHERE order_no = $1 AND source = $2 AND party <> ALL ($3::text[])
