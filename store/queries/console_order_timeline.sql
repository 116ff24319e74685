-- All that is known of one order, in one order: by time, then by what causes what, then by id.
SELECT at, rank, kind, id, entry FROM (
    SELECT arrived_at AS at, 0 AS rank, 'arrival' AS kind, arrival_id::text AS id,
        jsonb_build_object('event_id', event_id, 'topic', topic, 'partition', partition, 'offset', "offset",
            'verdict', verdict, 'code_version', code_version, 'processed_at', processed_at) AS entry
    FROM arrivals WHERE order_id = $1
    UNION ALL
    SELECT arrived_at, 1, 'event', event_id::text,
        jsonb_build_object('type', type, 'dialect', dialect, 'origin', origin, 'first_seen_at', first_seen_at,
            'content', content)
    FROM events WHERE order_id = $1
    UNION ALL
    SELECT changed_at, 2, 'change', lpad(version::text, 19, '0'),
        jsonb_build_object('version', version, 'event_id', event_id, 'change', change)
    FROM journal WHERE order_id = $1
    UNION ALL
    SELECT parked_at, 3, 'parked', parked_id::text,
        jsonb_build_object('processor', processor, 'topic', topic, 'partition', partition, 'offset', "offset",
            'stage', stage, 'reason', reason, 'detail', detail, 'fingerprint', fingerprint, 'state', state,
            'code_version', code_version)
    FROM parked WHERE order_no = $2 AND source = $3
    UNION ALL
    SELECT c.created_at, 4, 'callback', c.callback_id::text,
        jsonb_build_object('endpoint_id', c.endpoint_id, 'endpoint', e.name, 'event_id', c.event_id,
            'sequence', c.sequence, 'state', c.state, 'attempts', c.attempts, 'due_at', c.due_at,
            'outcome', c.outcome, 'finished_at', c.finished_at)
    FROM callbacks c LEFT JOIN endpoints e USING (endpoint_id) WHERE c.order_id = $1
    UNION ALL
    SELECT a.started_at, 5, 'attempt', a.callback_id || '/' || lpad(a.number::text, 10, '0'),
        jsonb_build_object('callback_id', a.callback_id, 'endpoint', e.name, 'number', a.number, 'outcome', a.outcome,
            'stage', a.stage, 'error', a.error, 'detail', a.detail, 'status', a.status, 'trigger', a.trigger,
            'worker', a.worker, 'finished_at', a.finished_at)
    FROM callbacks c JOIN attempts a USING (callback_id) LEFT JOIN endpoints e USING (endpoint_id)
    WHERE c.order_id = $1
    UNION ALL
    SELECT c.sending_since, 6, 'attempt-under-way', c.callback_id::text,
        jsonb_build_object('callback_id', c.callback_id, 'endpoint', e.name, 'worker', c.leased_by,
            'note', 'it may have been sent since then')
    FROM callbacks c LEFT JOIN endpoints e USING (endpoint_id)
    WHERE c.order_id = $1 AND c.state = 'sending' AND c.sending_since IS NOT NULL
) AS all_of_it
WHERE ($4::timestamptz IS NULL OR (at, rank, id) > ($4, $5::integer, $6::text))
ORDER BY at, rank, id
LIMIT $7
