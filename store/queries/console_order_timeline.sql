-- All that is known of one order, in one order: by time, then by what causes what, then by id.
-- $7: until when; $8, $9, $10: of this partition, no further than this offset.
-- A run concerns the order when it touched anything of it, or was asked for by its number; then so does what was done
-- to the run itself: asked for, cancelled, discarded.
WITH concerned AS MATERIALIZED (
    SELECT run_id FROM runs
    WHERE run_id IN (
            SELECT run_id FROM operator_actions WHERE order_id = $1
            UNION ALL SELECT run_id FROM arrivals WHERE order_id = $1
            UNION ALL SELECT run_id FROM parked WHERE order_no = $2 AND source = $3
            UNION ALL SELECT superseded_by FROM events WHERE order_id = $1)
        OR (asked -> 'selection' ->> 'order_no' = $2
            AND coalesce(asked -> 'selection' -> 'sources', '[]') IN ('[]', jsonb_build_array($3))
            AND coalesce(asked -> 'selection' ->> 'source', $3) = $3)
)
SELECT at, rank, kind, id, entry FROM (
    SELECT at, 0 AS rank, 'action' AS kind, lpad(action_id::text, 19, '0') AS id,
        jsonb_build_object('actor', actor, 'action', action, 'subject', subject, 'subject_id', subject_id,
            'reason', reason, 'details', details, 'run_id', run_id) AS entry
    FROM operator_actions
    WHERE action_id IN (
        SELECT action_id FROM operator_actions WHERE order_id = $1
        UNION ALL
        SELECT action_id FROM operator_actions
        WHERE subject = 'run' AND subject_id IN (SELECT run_id::text FROM concerned))
    UNION ALL
    SELECT requested_at, 1, 'run', run_id::text,
        jsonb_build_object('kind', kind, 'asked', asked, 'actor', actor, 'reason', reason, 'state', state,
            'started_at', started_at, 'finished_at', finished_at, 'error', error)
    FROM runs WHERE run_id IN (SELECT run_id FROM concerned)
    UNION ALL
    SELECT arrived_at, 2, 'arrival', arrival_id::text,
        jsonb_build_object('event_id', event_id, 'topic', topic, 'partition', partition, 'offset', "offset",
            'verified', verified, 'verdict', verdict, 'code_version', code_version, 'processed_at', processed_at,
            'run_id', run_id)
    FROM arrivals
    WHERE order_id = $1 AND NOT coalesce(topic = $8 AND partition = $9 AND "offset" > $10, false)
    UNION ALL
    SELECT arrived_at, 3, 'event', event_id::text,
        jsonb_build_object('type', type, 'dialect', dialect, 'origin', origin, 'first_seen_at', first_seen_at,
            'superseded_by', superseded_by, 'content', content)
    FROM events WHERE order_id = $1
    UNION ALL
    SELECT changed_at, 4, 'change', lpad(version::text, 19, '0'),
        jsonb_build_object('version', version, 'event_id', event_id, 'told', told, 'change', change)
    FROM journal WHERE order_id = $1
    UNION ALL
    SELECT parked_at, 5, 'parked', parked_id::text,
        jsonb_build_object('processor', processor, 'topic', topic, 'partition', partition, 'offset', "offset",
            'stage', stage, 'reason', reason, 'detail', detail, 'fingerprint', fingerprint,
            'code_version', code_version, 'state', state, 'settled_at', settled_at, 'settled_reason', settled_reason,
            'run_id', run_id, 'redrive_count', redrive_count, 'last_failed_at', last_failed_at)
    FROM parked WHERE order_no = $2 AND source = $3
    UNION ALL
    SELECT c.created_at, 6, 'callback', c.callback_id::text,
        jsonb_build_object('endpoint_id', c.endpoint_id, 'endpoint', e.name, 'event_id', c.event_id,
            'sequence', c.sequence, 'state', CASE WHEN l.callback_id IS NULL THEN c.state ELSE 'sending' END,
            'attempts', c.attempts + CASE WHEN l.callback_id IS NULL THEN 0 ELSE 1 END, 'due_at', c.due_at,
            'replay', c.replay, 'outcome', c.outcome, 'finished_at', c.finished_at)
    FROM callbacks c LEFT JOIN endpoints e USING (endpoint_id) LEFT JOIN leases l USING (endpoint_id, callback_id)
    WHERE c.order_id = $1
    UNION ALL
    SELECT a.started_at, 7, 'attempt', a.callback_id || '/' || lpad(a.number::text, 10, '0'),
        jsonb_build_object('callback_id', a.callback_id, 'endpoint', e.name, 'number', a.number, 'outcome', a.outcome,
            'stage', a.stage, 'error', a.error, 'detail', a.detail, 'status', a.status, 'trigger', a.trigger,
            'worker', a.worker, 'finished_at', a.finished_at)
    FROM callbacks c JOIN attempts a USING (callback_id) LEFT JOIN endpoints e USING (endpoint_id)
    WHERE c.order_id = $1
    UNION ALL
    SELECT l.sending_since, 8, 'attempt-under-way', c.callback_id::text,
        jsonb_build_object('callback_id', c.callback_id, 'endpoint', e.name, 'worker', l.leased_by,
            'note', 'it may have been sent since then')
    FROM callbacks c JOIN leases l USING (endpoint_id, callback_id) LEFT JOIN endpoints e USING (endpoint_id)
    WHERE c.order_id = $1
) AS all_of_it
WHERE ($4::timestamptz IS NULL OR (at, rank, id) > ($4, $5::integer, $6::text))
    AND ($7::timestamptz IS NULL OR at <= $7)
ORDER BY at, rank, id
LIMIT $11
