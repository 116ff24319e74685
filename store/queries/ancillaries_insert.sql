INSERT INTO ancillaries (order_id, passenger, position, content)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::jsonb[])
