-- What else is unfinished for the orders of these callbacks at their endpoints. A statement of its own: a claim that held
-- one of them is over when we have them, and the next statement sees its lease.
SELECT FROM callbacks AS other
JOIN (SELECT DISTINCT endpoint_id, order_id FROM callbacks WHERE callback_id = ANY ($1::uuid[])) AS pair
    USING (endpoint_id, order_id)
WHERE other.state IN ('queued', 'waiting', 'pending', 'sending') AND other.callback_id <> ALL ($1::uuid[])
ORDER BY other.state = 'queued', other.callback_id  -- as completions take them: results first, then the queued
FOR NO KEY UPDATE OF other
