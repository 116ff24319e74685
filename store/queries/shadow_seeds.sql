-- Of these orders, what live knows and the range does not hold: arrivals outside of it, and the hub's own events,
-- which never arrived (docs/decisions/0007).
SELECT a.arrival_id, a.event_id, a.order_id, o.source, o.order_no, e.dialect, e.type, e.content, a.arrived_at,
    a.topic, a.partition, a."offset"
FROM {live}.arrivals AS a
JOIN {live}.events AS e ON e.event_id = a.event_id
JOIN {live}.orders AS o ON o.order_id = a.order_id
WHERE a.order_id = ANY ($1::uuid[])
    AND NOT EXISTS (SELECT FROM arrivals AS s WHERE s.arrival_id = a.arrival_id)
    AND NOT EXISTS (
        SELECT FROM parked AS p WHERE p.topic = a.topic AND p.partition = a.partition AND p."offset" = a."offset")
UNION ALL
SELECT e.event_id, e.event_id, e.order_id, o.source, o.order_no, e.dialect, e.type, e.content, e.arrived_at, '', 0, 0
FROM {live}.events AS e
JOIN {live}.orders AS o ON o.order_id = e.order_id
WHERE e.order_id = ANY ($1::uuid[]) AND e.origin = 'hub' AND e.superseded_by IS NULL
    AND NOT EXISTS (SELECT FROM arrivals AS s WHERE s.arrival_id = e.event_id)
