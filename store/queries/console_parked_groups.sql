SELECT fingerprint, processor, stage, reason, min(detail) AS detail_of_one, count(*) AS number,
    count(DISTINCT (source, order_no)) AS orders, min(parked_at) AS first_parked_at, max(parked_at) AS last_parked_at,
    (array_agg(parked_id ORDER BY parked_at DESC, parked_id))[1] AS sample_id,
    array_agg(DISTINCT code_version ORDER BY code_version) AS code_versions,
    count(*) FILTER (WHERE redrive_count > 0) AS failed_again, max(last_failed_at) AS last_failed_at
FROM parked
WHERE state = 'parked'
GROUP BY fingerprint, processor, stage, reason
ORDER BY count(*) DESC, fingerprint
LIMIT $1
