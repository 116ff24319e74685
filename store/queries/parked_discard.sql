UPDATE parked SET state = 'discarded', settled_at = now(), settled_reason = $10
WHERE parked_id IN (
    SELECT parked_id FROM parked
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
    ORDER BY parked_at, parked_id
    LIMIT $11
    FOR NO KEY UPDATE
)
RETURNING parked_id, source, order_no, reason
