INSERT INTO pnrs (order_id, passenger, position, locator)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[])
