INSERT INTO operator_actions (actor, action, subject, subject_id, order_id, reason, details, run_id)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[], $8::uuid[])
