-- Filters that are null hold for all.
SELECT * FROM runs
WHERE ($1::text[] IS NULL OR kind = ANY ($1))
    AND ($2::text IS NULL OR state = $2)
    AND ($3::timestamptz IS NULL OR (requested_at, run_id) < ($3, $4::uuid))
ORDER BY requested_at DESC, run_id DESC
LIMIT $5
