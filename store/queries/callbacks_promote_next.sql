-- The next callback of each of these orders and endpoints takes its turn, if nothing unfinished is before it. To be run
-- in the transaction that finished one, as a statement of its own: only a new snapshot sees what was queued behind a
-- row while that row's lock was waited for.
WITH head AS (
    SELECT DISTINCT (
        SELECT c.callback_id FROM callbacks AS c
        WHERE c.endpoint_id = pair.endpoint_id AND c.order_id = pair.order_id
            AND c.state IN ('queued', 'waiting', 'pending', 'sending')
        ORDER BY c.sequence, c.callback_id LIMIT 1
    ) AS callback_id
    FROM unnest($1::uuid[], $2::uuid[]) AS pair (endpoint_id, order_id)
), turn AS MATERIALIZED (
    SELECT c.callback_id FROM callbacks AS c JOIN head USING (callback_id)
    WHERE CASE c.state WHEN 'queued' THEN true END  -- docs/decisions/0048
    ORDER BY c.callback_id
    FOR NO KEY UPDATE OF c
)
UPDATE callbacks AS c SET state = 'pending', due_at = now()
FROM turn WHERE c.callback_id = turn.callback_id
