-- The next of a selection, processor by processor, the longest parked first. $10: those parked after it are not meant.
-- What settles on the way is left out; what fails again keeps its place behind.
SELECT parked_id, processor, topic, partition, "offset", key, value, headers, source, order_no, reason, detail, parked_at,
    redrive_count, timestamp_ms
FROM parked
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
    AND parked_at <= $10
    AND ($11::text IS NULL
        OR (processor, parked_at, topic, partition, "offset") > ($11, $12::timestamptz, $13::text, $14::integer, $15::bigint))
ORDER BY processor, parked_at, topic, partition, "offset"
LIMIT $16
