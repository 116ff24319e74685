INSERT INTO differences (order_id, baseline, target, difference)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
ON CONFLICT (order_id) DO NOTHING
