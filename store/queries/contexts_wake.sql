-- Callbacks that waited for this party's context are due.
UPDATE callbacks AS c SET state = 'pending', due_at = now(), outcome = ''
FROM endpoints AS e
WHERE c.order_id = ANY ($1::uuid[]) AND CASE c.state WHEN 'waiting' THEN true END  -- docs/decisions/0048
    AND e.endpoint_id = c.endpoint_id AND e.dialect = $2
