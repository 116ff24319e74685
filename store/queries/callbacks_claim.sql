-- Lease due callbacks within each endpoint's budget, its global limit in flight and its pace: that notes the intent to
-- send. Return all that is needed to write the calls. Calls under a rate limit are spread over the coming $6 seconds.
-- $7: dialects whose calls depend on the order's context and on what was delivered of it before.
-- $5: callbacks of this worker whose call has ended though its result is not recorded yet: they fill no place.
WITH room AS (
    SELECT wanted.endpoint_id, e.timeout_seconds, e.rate_limit,
        GREATEST(pace.next_call_at, now()) AS first_call_at,
        LEAST(
            wanted.budget,
            e.max_in_flight - (
                SELECT count(*) FROM leases AS l
                WHERE l.endpoint_id = wanted.endpoint_id
                    AND NOT (l.leased_by = $3 AND l.callback_id = ANY ($5::uuid[]))
            ),
            CASE WHEN e.rate_limit IS NULL THEN wanted.budget WHEN pace.next_call_at > now() THEN 0
                ELSE GREATEST(1, floor(e.rate_limit * $6::double precision)) END
        ) AS places
    FROM unnest($1::uuid[], $2::integer[]) AS wanted (endpoint_id, budget)
    JOIN endpoints AS e ON e.endpoint_id = wanted.endpoint_id AND e.state = 'enabled' AND e.deleted_at IS NULL
    LEFT JOIN endpoint_paces AS pace ON pace.endpoint_id = wanted.endpoint_id AND e.rate_limit IS NOT NULL
), claimed AS (
    SELECT found.*, room.timeout_seconds,
        CASE WHEN room.rate_limit IS NULL THEN 0 ELSE
            (row_number() OVER (PARTITION BY room.endpoint_id ORDER BY found.due_at, found.callback_id) - 1)
                / room.rate_limit END::double precision AS start_in_seconds
    FROM room CROSS JOIN LATERAL (
        SELECT c.* FROM callbacks AS c
        WHERE c.endpoint_id = room.endpoint_id AND c.state = 'pending' AND c.due_at <= now()
            AND COALESCE((SELECT false FROM leases AS l
                WHERE l.endpoint_id = c.endpoint_id AND l.callback_id = c.callback_id), true)
        ORDER BY c.due_at LIMIT GREATEST(room.places, 0)::integer
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS found
), leased AS (
    INSERT INTO leases (endpoint_id, callback_id, attempt_number, leased_by, sending_since, lease_until)
    SELECT endpoint_id, callback_id, attempt_number + 1, $3, now(),
        now() + make_interval(secs => start_in_seconds + timeout_seconds + $4::double precision)
    FROM claimed
), paced AS (
    INSERT INTO endpoint_paces (endpoint_id, next_call_at)
    SELECT room.endpoint_id,
        room.first_call_at + make_interval(secs => max(claimed.start_in_seconds) + 1 / room.rate_limit)
    FROM claimed JOIN room USING (endpoint_id)
    WHERE room.rate_limit IS NOT NULL
    GROUP BY room.endpoint_id, room.first_call_at, room.rate_limit
    ON CONFLICT (endpoint_id) DO UPDATE SET next_call_at = excluded.next_call_at
)
SELECT claimed.callback_id, claimed.endpoint_id, claimed.order_id, claimed.event_id, claimed.sequence,
    claimed.attempts + 1 AS attempts, claimed.attempt_number + 1 AS attempt_number, claimed.trigger, claimed.replay,
    extract(epoch FROM now() - COALESCE(claimed.first_attempt_at, now()))::double precision AS age_seconds,
    now() AS sending_since, claimed.start_in_seconds,
    e.content::text AS content, e.arrived_at,
    CASE WHEN claimed.source <> '' THEN claimed.source
        ELSE COALESCE((SELECT o.source FROM orders AS o WHERE o.order_id = claimed.order_id), e.dialect) END AS source,
    j.change, x.context, x.updated_at AS context_at,
    CASE WHEN at.dialect = ANY ($7::text[]) THEN EXISTS (
        SELECT FROM callbacks AS d
        WHERE d.order_id = claimed.order_id AND d.endpoint_id = claimed.endpoint_id
            AND CASE d.state WHEN 'delivered' THEN true END)  -- docs/decisions/0048
    ELSE false END AS delivered_before
FROM claimed
JOIN endpoints AS at ON at.endpoint_id = claimed.endpoint_id
JOIN events AS e ON e.event_id = claimed.event_id
LEFT JOIN LATERAL (
    SELECT own.context, own.updated_at
    FROM orders AS o JOIN order_contexts AS own ON own.order_no = o.order_no AND own.source IN ('', o.source)
    WHERE at.dialect = ANY ($7::text[]) AND o.order_id = claimed.order_id AND own.party = at.dialect
    ORDER BY own.source DESC LIMIT 1
) AS x ON true
LEFT JOIN journal AS j ON j.order_id = claimed.order_id AND j.version = claimed.sequence
