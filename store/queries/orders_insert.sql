-- Orders that did not exist when we looked, in one order for every caller. One that somebody else creates meanwhile is
-- waited for, and is an error then.
INSERT INTO orders (order_id, source, order_no, version, ticketed_event, ticketed_at, customer, attention)
SELECT order_id, source, order_no, version, event, at, customer,
    CASE WHEN attention = '' THEN '{}' ELSE string_to_array(attention, ' ') END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::timestamptz[], $7::text[], $8::text[])
    AS new (order_id, source, order_no, version, event, at, customer, attention)
