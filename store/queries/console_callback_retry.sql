-- A callback that is pending is due now; one that ended is owed once more, behind an unfinished one of the same order
-- and endpoint (DESIGN §2 rule 5). The share lock makes a completion under way finish first, or see us behind it.
WITH ahead AS MATERIALIZED (
    SELECT other.callback_id FROM callbacks AS other
    WHERE other.endpoint_id = $2 AND other.order_id = $3 AND other.callback_id <> $1
        AND other.state IN ('queued', 'waiting', 'pending', 'sending')
    ORDER BY other.callback_id
    FOR SHARE OF other
)
UPDATE callbacks AS c
SET state = CASE WHEN c.state <> 'pending' AND EXISTS (SELECT FROM ahead) THEN 'queued' ELSE 'pending' END,
    due_at = now(), trigger = 'manual', replay = c.replay OR c.state = 'delivered', finished_at = NULL
FROM endpoints AS e
WHERE c.callback_id = $1 AND c.state NOT IN ('queued', 'waiting', 'sending')
    AND e.endpoint_id = c.endpoint_id AND e.deleted_at IS NULL
RETURNING c.state
