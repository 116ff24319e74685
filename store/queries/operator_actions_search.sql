-- Filters that are null hold for all.
SELECT action_id, at, actor, action, subject, subject_id, order_id, reason, details, run_id
FROM operator_actions
WHERE ($1::text IS NULL OR actor = $1)
    AND ($2::text IS NULL OR action = $2)
    AND ($3::text IS NULL OR subject = $3)
    AND ($4::text IS NULL OR subject_id = $4)
    AND ($5::uuid IS NULL OR run_id = $5)
    AND ($6::timestamptz IS NULL OR at >= $6)
    AND ($7::bigint IS NULL OR action_id < $7)
ORDER BY action_id DESC
LIMIT $8
