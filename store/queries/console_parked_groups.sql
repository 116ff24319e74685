SELECT fingerprint, processor, stage, reason, min(detail) AS detail_of_one, count(*) AS number,
    count(DISTINCT (source, order_no)) AS orders, min(parked_at) AS first_parked_at, max(parked_at) AS last_parked_at
FROM parked
WHERE state = 'parked'
GROUP BY fingerprint, processor, stage, reason
ORDER BY count(*) DESC, fingerprint
LIMIT $1
