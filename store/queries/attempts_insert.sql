-- Attempts that ended. One that was given up for lost, and was not, is told as it was.
-- What many of a batch have in common, $8 to $14, is given once, and by its place in $7.
INSERT INTO attempts (callback_id, number, request, answer, started_at, finished_at,
    outcome, stage, error, detail, status, trigger, worker)
SELECT callback_id, number, request, answer, started_at, finished_at,
    ($8::text[])[place], ($9::text[])[place], ($10::text[])[place], ($11::text[])[place], ($12::integer[])[place],
    ($13::text[])[place], ($14::text[])[place]
FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::timestamptz[], $7::integer[])
    AS ended (callback_id, number, request, answer, started_at, finished_at, place)
ON CONFLICT (callback_id, number) DO UPDATE
SET outcome = excluded.outcome, stage = excluded.stage, error = excluded.error, detail = excluded.detail,
    status = excluded.status, request = excluded.request, answer = excluded.answer,
    started_at = excluded.started_at, finished_at = excluded.finished_at
WHERE attempts.outcome = 'may_have_been_sent' AND excluded.outcome <> 'may_have_been_sent'
