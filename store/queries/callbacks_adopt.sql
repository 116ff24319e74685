-- What a publisher of a version without the table of leases was sending when it died: its lease, which ran out, moves to
-- where ours are, and is taken back from there. To be dropped with the columns and the index (docs/decisions/0054).
WITH left_over AS (
    SELECT callback_id, endpoint_id, attempt_number, leased_by, sending_since, lease_until FROM callbacks
    WHERE state = 'sending' AND lease_until < now()
    ORDER BY endpoint_id, lease_until LIMIT 100
    FOR NO KEY UPDATE SKIP LOCKED
), moved AS (
    UPDATE callbacks AS c
    SET state = 'pending', attempts = c.attempts - 1, attempt_number = c.attempt_number - 1, lease_until = NULL,
        leased_by = NULL, sending_since = NULL
    FROM left_over WHERE c.callback_id = left_over.callback_id
)
INSERT INTO leases (endpoint_id, callback_id, attempt_number, leased_by, sending_since, lease_until)
SELECT endpoint_id, callback_id, attempt_number, leased_by, sending_since, lease_until FROM left_over
