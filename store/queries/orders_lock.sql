-- In one order for every caller, so that two batches wait for each other instead of deadlocking.
SELECT order_id, version FROM orders WHERE order_id = ANY ($1::uuid[]) ORDER BY order_id FOR NO KEY UPDATE
