-- Filters that are null hold for all.
SELECT a.action_id, a.at, a.actor, a.action, a.subject, a.subject_id, a.order_id, a.reason, a.details, a.run_id,
    runs.state AS run_state
FROM operator_actions AS a LEFT JOIN runs USING (run_id)
WHERE ($1::text IS NULL OR a.actor = $1)
    AND ($2::text IS NULL OR a.action = $2)
    AND ($3::text IS NULL OR a.subject = $3)
    AND ($4::text IS NULL OR a.subject_id = $4)
    AND ($5::uuid IS NULL OR a.run_id = $5)
    AND ($6::timestamptz IS NULL OR a.at >= $6)
    AND ($7::bigint IS NULL OR a.action_id < $7)
ORDER BY a.action_id DESC
LIMIT $8
