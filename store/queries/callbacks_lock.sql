-- In one order for every caller, so that two recordings wait for each other instead of deadlocking.
SELECT FROM callbacks WHERE callback_id = ANY ($1::uuid[]) ORDER BY callback_id FOR NO KEY UPDATE
