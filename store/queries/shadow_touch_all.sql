INSERT INTO touched SELECT order_id FROM {live}.orders ON CONFLICT DO NOTHING
