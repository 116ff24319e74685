UPDATE orders SET version = new.version, updated_at = now()
FROM unnest($1::uuid[], $2::bigint[]) AS new (order_id, version)
WHERE orders.order_id = new.order_id
