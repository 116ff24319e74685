INSERT INTO tickets (order_id, passenger, position, ticket_number)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[])
