-- What a selection is about. Filters that are null hold for all.
WITH chosen AS (
    SELECT parked_id, fingerprint, source, order_no, parked_at FROM parked
    WHERE state = 'parked'
        AND (cardinality($1::uuid[]) = 0 OR parked_id = ANY ($1))
        AND ($2::text IS NULL OR fingerprint = $2)
        AND ($3::text IS NULL OR processor = $3)
        AND ($4::text IS NULL OR reason = $4)
        AND ($5::text IS NULL OR source = $5)
        AND ($6::text IS NULL OR order_no = $6)
        AND ($7::text IS NULL OR topic = $7)
        AND ($8::timestamptz IS NULL OR parked_at >= $8)
        AND ($9::timestamptz IS NULL OR parked_at < $9)
)
SELECT count(*) AS number, count(DISTINCT (source, order_no)) AS orders,
    min(parked_at) AS first_parked_at, max(parked_at) AS last_parked_at,
    (SELECT coalesce(jsonb_object_agg(fingerprint, number), '{}') FROM (
        SELECT fingerprint, count(*) AS number FROM chosen GROUP BY fingerprint ORDER BY 2 DESC, 1 LIMIT 20
    ) AS largest) AS groups,
    (SELECT coalesce(array_agg(parked_id), '{}') FROM (
        SELECT parked_id FROM chosen ORDER BY parked_at, parked_id LIMIT 5
    ) AS first) AS sample
FROM chosen
