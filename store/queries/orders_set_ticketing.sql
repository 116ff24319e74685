UPDATE orders
SET version = new.version, updated_at = now(), ticketed_event = new.event, ticketed_at = new.at,
    customer = new.customer, attention = CASE WHEN new.attention = '' THEN '{}' ELSE string_to_array(new.attention, ' ') END
FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[])
    AS new (order_id, version, event, at, customer, attention)
WHERE orders.order_id = new.order_id
