-- As live is now: what landed or was parked there since is no difference any more.
SELECT c.order_id, c.lands, x.parked_id, x.topic, x.partition, x."offset", x.reason, x.detail
FROM parking AS c
JOIN LATERAL (
    SELECT p.parked_id, p.topic, p.partition, p."offset", p.reason, p.detail FROM {live}.parked AS p
    WHERE c.lands AND p.parked_id = c.parked_id AND p.state = 'parked'
    UNION ALL
    SELECT s.parked_id, s.topic, s.partition, s."offset", s.reason, s.detail FROM parked AS s
    WHERE NOT c.lands AND s.parked_id = c.parked_id AND NOT EXISTS (
        SELECT FROM {live}.parked AS p WHERE p.parked_id = c.parked_id AND p.state <> 'redriven')
) AS x ON true
WHERE c.order_id = ANY ($1::uuid[])
ORDER BY c.order_id, x.topic, x.partition, x."offset"
