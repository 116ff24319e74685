SELECT source, party, context, updated_at FROM order_contexts WHERE order_no = $1 ORDER BY source, party
