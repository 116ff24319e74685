-- What an operator discarded stays discarded, unless it lands.
INSERT INTO parking (parked_id, order_id, lands)
SELECT p.parked_id, s.order_id, true
FROM {live}.parked AS p JOIN arrivals AS s USING (topic, partition, "offset")
WHERE p.state = 'parked'
UNION ALL
SELECT s.parked_id, a.order_id, false
FROM parked AS s
LEFT JOIN {live}.parked AS p USING (parked_id)
LEFT JOIN {live}.arrivals AS a
    ON a.topic = s.topic AND a.partition = s.partition AND a."offset" = s."offset"
WHERE p.parked_id IS NULL OR p.state = 'redriven'
ON CONFLICT DO NOTHING
