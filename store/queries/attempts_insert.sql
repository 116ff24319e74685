-- Attempts that ended. One that was given up for lost, and was not, is told as it was.
INSERT INTO attempts (callback_id, number, outcome, stage, error, detail, status, trigger, worker, request, answer,
    started_at, finished_at)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[],
    $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::timestamptz[], $13::timestamptz[])
ON CONFLICT (callback_id, number) DO UPDATE
SET outcome = excluded.outcome, stage = excluded.stage, error = excluded.error, detail = excluded.detail,
    status = excluded.status, request = excluded.request, answer = excluded.answer,
    started_at = excluded.started_at, finished_at = excluded.finished_at
WHERE attempts.outcome = 'may_have_been_sent' AND excluded.outcome <> 'may_have_been_sent'
