-- Orders that the range's records belong to by the present code, or belonged to before.
INSERT INTO touched
SELECT order_id FROM orders
UNION
SELECT a.order_id FROM {live}.arrivals AS a JOIN parked AS p USING (topic, partition, "offset")
UNION
SELECT a.order_id FROM {live}.arrivals AS a JOIN arrivals AS s USING (arrival_id) WHERE a.order_id <> s.order_id
ON CONFLICT DO NOTHING
