-- Claim due callbacks within each endpoint's budget, its global limit in flight and its pace, note the intent to send,
-- and return all that is needed to write the calls. Calls under a rate limit are spread over the coming $6 seconds.
-- $7: dialects whose calls depend on the order's context and on what was delivered of it before.
-- $5: callbacks of this worker whose call has ended though its result is not recorded yet: they fill no place.
WITH room AS (
    SELECT wanted.endpoint_id, e.timeout_seconds, e.rate_limit,
        GREATEST(pace.next_call_at, now()) AS first_call_at,
        LEAST(
            wanted.budget,
            e.max_in_flight - (
                SELECT count(*) FROM (
                    SELECT c.leased_by, c.callback_id FROM callbacks AS c
                    WHERE c.endpoint_id = wanted.endpoint_id AND c.state = 'sending'
                    -- The order that only the index of leases has (docs/decisions/0048); more than these leave no place.
                    ORDER BY c.lease_until LIMIT e.max_in_flight + cardinality($5::uuid[])
                ) AS busy
                WHERE NOT (busy.leased_by = $3 AND busy.callback_id = ANY ($5::uuid[]))
            ),
            CASE WHEN e.rate_limit IS NULL THEN wanted.budget WHEN pace.next_call_at > now() THEN 0
                ELSE GREATEST(1, floor(e.rate_limit * $6::double precision)) END
        ) AS places
    FROM unnest($1::uuid[], $2::integer[]) AS wanted (endpoint_id, budget)
    JOIN endpoints AS e ON e.endpoint_id = wanted.endpoint_id AND e.state = 'enabled' AND e.deleted_at IS NULL
    LEFT JOIN endpoint_paces AS pace ON pace.endpoint_id = wanted.endpoint_id AND e.rate_limit IS NOT NULL
), due AS (
    SELECT found.place, room.timeout_seconds,
        CASE WHEN room.rate_limit IS NULL THEN 0 ELSE
            (row_number() OVER (PARTITION BY room.endpoint_id ORDER BY found.due_at, found.callback_id) - 1)
                / room.rate_limit END AS start_in_seconds
    FROM room CROSS JOIN LATERAL (
        SELECT c.ctid AS place, c.callback_id, c.due_at FROM callbacks AS c
        WHERE c.endpoint_id = room.endpoint_id AND c.state = 'pending' AND c.due_at <= now()
        ORDER BY c.due_at LIMIT GREATEST(room.places, 0)::integer
        FOR UPDATE SKIP LOCKED
    ) AS found
), claimed AS (
    UPDATE callbacks AS c
    SET state = 'sending', attempts = c.attempts + 1, attempt_number = c.attempt_number + 1, leased_by = $3,
        sending_since = now(), first_attempt_at = COALESCE(c.first_attempt_at, now()),
        lease_until = now() + make_interval(
            secs => due.start_in_seconds::double precision + due.timeout_seconds + $4::double precision)
    FROM due WHERE c.ctid = due.place  -- it is locked, so it stays there
    RETURNING c.callback_id, c.endpoint_id, c.order_id, c.event_id, c.sequence, c.attempts, c.attempt_number, c.trigger,
        c.replay, extract(epoch FROM c.sending_since - c.first_attempt_at)::double precision AS age_seconds,
        c.sending_since, due.start_in_seconds::double precision AS start_in_seconds
), paced AS (
    INSERT INTO endpoint_paces (endpoint_id, next_call_at)
    SELECT room.endpoint_id,
        room.first_call_at + make_interval(secs => max(claimed.start_in_seconds) + 1 / room.rate_limit)
    FROM claimed JOIN room USING (endpoint_id)
    WHERE room.rate_limit IS NOT NULL
    GROUP BY room.endpoint_id, room.first_call_at, room.rate_limit
    ON CONFLICT (endpoint_id) DO UPDATE SET next_call_at = excluded.next_call_at
)
SELECT claimed.*, e.content::text AS content, e.arrived_at, COALESCE(o.source, e.dialect) AS source, j.change,
    x.context, x.updated_at AS context_at,
    CASE WHEN at.dialect = ANY ($7::text[]) THEN EXISTS (
        SELECT FROM callbacks AS d
        WHERE d.order_id = claimed.order_id AND d.endpoint_id = claimed.endpoint_id AND d.state = 'delivered')
    ELSE false END AS delivered_before
FROM claimed
JOIN endpoints AS at ON at.endpoint_id = claimed.endpoint_id
JOIN events AS e ON e.event_id = claimed.event_id
LEFT JOIN orders AS o ON o.order_id = claimed.order_id
LEFT JOIN LATERAL (
    SELECT own.context, own.updated_at FROM order_contexts AS own
    WHERE own.order_no = o.order_no AND own.source IN ('', o.source) AND own.party = at.dialect
    ORDER BY own.source DESC LIMIT 1
) AS x ON at.dialect = ANY ($7::text[])
LEFT JOIN journal AS j ON j.order_id = claimed.order_id AND j.version = claimed.sequence
