-- A callback waits its turn behind an unfinished earlier one of the same order and endpoint (DESIGN §2 rule 5). The
-- share lock makes a completion under way finish first, or see the row we queue behind it: none is left waiting.
-- $8: whether they say that they are replays. $9: the channel that wakes publishers; of notices that are the same,
-- Postgres sends one when the transaction commits (NOTIFY, "Notes").
WITH owed AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::text[],
        $10::text[]) AS owed (callback_id, endpoint_id, order_id, event_id, sequence, state, outcome, source)
), ahead AS MATERIALIZED (
    SELECT earlier.endpoint_id, earlier.order_id
    FROM callbacks AS earlier
    -- An array, and CASE: see docs/decisions/0048.
    WHERE earlier.callback_id = ANY (ARRAY(
        SELECT found.callback_id
        FROM (SELECT DISTINCT endpoint_id, order_id FROM owed WHERE state = 'pending') AS pair
        CROSS JOIN LATERAL (
            SELECT c.callback_id FROM callbacks AS c
            WHERE c.endpoint_id = pair.endpoint_id AND c.order_id = pair.order_id
                AND c.state IN ('queued', 'waiting', 'pending', 'sending')
            OFFSET 0
        ) AS found
    )) AND CASE WHEN earlier.state IN ('queued', 'waiting', 'pending', 'sending') THEN true END
    ORDER BY earlier.state = 'queued', earlier.callback_id  -- as completions take them: results first, then the queued
    FOR SHARE OF earlier
), ranked AS (
    SELECT owed.*, row_number() OVER (PARTITION BY endpoint_id, order_id, state ORDER BY sequence) AS place
    FROM owed
)
INSERT INTO callbacks (callback_id, endpoint_id, order_id, event_id, sequence, state, outcome, finished_at, replay,
    source)
SELECT callback_id, endpoint_id, order_id, event_id, sequence,
    CASE WHEN state = 'pending' AND (place > 1 OR EXISTS (
        SELECT FROM ahead WHERE ahead.endpoint_id = ranked.endpoint_id AND ahead.order_id = ranked.order_id))
    THEN 'queued' ELSE state END,
    outcome, CASE WHEN state = 'pending' THEN NULL ELSE now() END, $8, source
FROM ranked
ON CONFLICT (callback_id) DO NOTHING
RETURNING pg_notify($9, '')
