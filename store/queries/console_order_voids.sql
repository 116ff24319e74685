SELECT v.void_code, v.status, v.message, v.status_at, v.contradicted,
    (SELECT coalesce(jsonb_agg(
        jsonb_build_object('status', s.status, 'message', s.message, 'arrived_at', s.arrived_at, 'event_id', s.event_id)
        ORDER BY s.arrived_at, s.event_id), '[]')
     FROM void_statuses s WHERE s.order_id = v.order_id AND s.void_code = v.void_code) AS history
FROM void_cases v
WHERE v.order_id = $1
ORDER BY v.void_code
