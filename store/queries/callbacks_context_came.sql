-- Callbacks just laid down to wait for a context, of which another one was stored since their attempt was claimed. To be
-- run under the contexts' shared lock, as a statement of its own: no context is being stored meanwhile.
UPDATE callbacks AS c SET state = 'pending', due_at = now(), outcome = ''
FROM unnest($1::uuid[], $2::timestamptz[]) AS laid (callback_id, seen_at),
    endpoints AS e, orders AS o, order_contexts AS x
WHERE c.callback_id = laid.callback_id AND CASE c.state WHEN 'waiting' THEN true END  -- docs/decisions/0048
    AND e.endpoint_id = c.endpoint_id AND o.order_id = c.order_id
    AND x.order_no = o.order_no AND x.source IN ('', o.source) AND x.party = e.dialect
    AND x.updated_at > COALESCE(laid.seen_at, '-infinity')
