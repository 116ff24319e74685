-- The callbacks that can be sent once more, locked in the order in which completions lock theirs. The endpoints' locks
-- keep one from being deleted meanwhile, which would leave callbacks that nobody cancels.
WITH alive AS MATERIALIZED (
    SELECT endpoint_id FROM endpoints
    WHERE endpoint_id IN (SELECT endpoint_id FROM callbacks WHERE callback_id = ANY ($1::uuid[]))
        AND deleted_at IS NULL
    ORDER BY endpoint_id
    FOR KEY SHARE
)
SELECT c.callback_id FROM callbacks AS c JOIN alive USING (endpoint_id)
WHERE c.callback_id = ANY ($1::uuid[]) AND c.state NOT IN ('queued', 'waiting', 'sending')
ORDER BY c.callback_id
FOR NO KEY UPDATE OF c
