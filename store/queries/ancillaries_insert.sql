-- As text: an element may itself be a JSON list, which an array parameter would take for another dimension.
INSERT INTO ancillaries (order_id, passenger, position, content)
SELECT order_id, passenger, position, content::jsonb
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) AS new (order_id, passenger, position, content)
