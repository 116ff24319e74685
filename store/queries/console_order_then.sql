-- What had been said of an order by $2, each event with its first arrival until then; of the partition $3, $4 what lies
-- no further than $5, whatever its time. Readings that a promotion replaced do not count, as they do not now.
SELECT e.event_id, e.content, min(a.arrived_at) AS arrived_at, min(a.processed_at) AS known_at
FROM arrivals a JOIN events e USING (event_id)
WHERE a.order_id = $1 AND e.superseded_by IS NULL
    AND CASE WHEN a.topic = $3 AND a.partition = $4 THEN a."offset" <= $5 ELSE a.arrived_at <= $2 END
GROUP BY e.event_id
UNION ALL
SELECT event_id, content, arrived_at, first_seen_at FROM events
WHERE order_id = $1 AND origin = 'hub' AND superseded_by IS NULL AND arrived_at <= $2
