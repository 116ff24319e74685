SELECT number, outcome, stage, error, detail, status, trigger, worker, started_at, finished_at,
    octet_length(request) AS request_bytes, answer
FROM attempts
WHERE callback_id = $1
ORDER BY number
