-- The state that events fold into, the events themselves, and the callbacks that are owed.
-- Ids are derived (schemas/identity.py), so a row's key is known before it is written.

CREATE TABLE orders (
    order_id       uuid PRIMARY KEY,
    source         text NOT NULL,
    order_no       text NOT NULL,
    ticketed_event uuid,               -- the present ticketed event; null: not ticketed
    ticketed_at    timestamptz,        -- its arrival
    customer       text NOT NULL DEFAULT '',
    attention      text[] NOT NULL DEFAULT '{}',
    version        bigint NOT NULL DEFAULT 0,  -- number of state changes so far
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_no, source)
) WITH (fillfactor = 85);

CREATE INDEX orders_by_change ON orders (updated_at, order_id);

-- What was said, once for each identity, however often it arrived.
CREATE TABLE events (
    event_id   uuid PRIMARY KEY,
    order_id   uuid NOT NULL,
    type       text NOT NULL,
    arrived_at timestamptz NOT NULL,   -- earliest arrival: a repeat cannot make an old event young
    content    jsonb NOT NULL,         -- canonical
    dialect    text NOT NULL,
    origin     text NOT NULL DEFAULT 'supplier' CHECK (origin IN ('supplier', 'hub')),
    raw        bytea,                  -- the body as received; null for the hub's own events
    first_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_by_order ON events (order_id, type);

-- The inbox: every arrival exactly once. A redelivered record meets its own row here.
CREATE TABLE arrivals (
    arrival_id  uuid PRIMARY KEY,      -- ce_id
    event_id    uuid NOT NULL,
    order_id    uuid NOT NULL,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    arrived_at  timestamptz NOT NULL,  -- ce_time
    verdict     text NOT NULL,         -- applied, repeat, contradicts-present
    code_version text NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX arrivals_by_order ON arrivals (order_id);

CREATE TABLE passengers (
    order_id  uuid NOT NULL,
    passenger integer NOT NULL,        -- position in the event, from 0
    name      text NOT NULL,
    kind      text NOT NULL,
    birthday  text NOT NULL,
    gender    text NOT NULL,
    document_number    text NOT NULL,
    document_type      text NOT NULL,
    document_issued_by text NOT NULL,
    document_expires   text NOT NULL,
    nationality text NOT NULL,
    extra     jsonb NOT NULL,
    PRIMARY KEY (order_id, passenger)
);
CREATE TABLE tickets (
    order_id      uuid NOT NULL,
    passenger     integer NOT NULL,
    position      integer NOT NULL,
    ticket_number text NOT NULL,
    PRIMARY KEY (order_id, passenger, position)
);
CREATE INDEX tickets_by_number ON tickets USING hash (ticket_number);  -- of any length, searched whole
CREATE TABLE pnrs (
    order_id  uuid NOT NULL,
    passenger integer NOT NULL,
    position  integer NOT NULL,
    locator   text NOT NULL,
    PRIMARY KEY (order_id, passenger, position)
);
CREATE INDEX pnrs_by_locator ON pnrs USING hash (locator);
CREATE TABLE ancillaries (
    order_id  uuid NOT NULL,
    passenger integer NOT NULL,
    position  integer NOT NULL,
    content   jsonb NOT NULL,
    PRIMARY KEY (order_id, passenger, position)
);

CREATE TABLE void_cases (
    order_id    uuid NOT NULL,
    void_code   text NOT NULL,
    status      integer NOT NULL,
    message     text NOT NULL,
    status_event uuid NOT NULL,
    status_at   timestamptz NOT NULL,
    contradicted boolean NOT NULL DEFAULT false,  -- closing statuses of different kinds were seen
    PRIMARY KEY (order_id, void_code)
);
-- Every status that was ever said of a case: the case is the fold of these rows.
CREATE TABLE void_statuses (
    order_id   uuid NOT NULL,
    void_code  text NOT NULL,
    event_id   uuid NOT NULL,
    status     integer NOT NULL,
    message    text NOT NULL,
    arrived_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, void_code, event_id)
);

-- One row for each change of an order's state, in the order they were made.
CREATE TABLE journal (
    order_id   uuid NOT NULL,
    version    bigint NOT NULL,
    event_id   uuid NOT NULL,
    change     jsonb NOT NULL,         -- {"before": …, "after": …}
    told       boolean NOT NULL,       -- whether channels are owed a callback for it
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
);

-- What a webhook does not carry and a partner needs, stored by the seller, for each party.
CREATE TABLE order_contexts (
    order_no   text NOT NULL,
    source     text NOT NULL,          -- empty: whichever source the order comes from
    party      text NOT NULL,          -- an endpoint dialect
    context    jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_no, source, party)
);

CREATE TABLE endpoints (
    endpoint_id uuid PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    url         text NOT NULL,
    dialect     text NOT NULL,
    event_types text[] NOT NULL,
    policy      text NOT NULL,
    secrets     bytea NOT NULL,        -- encrypted JSON {"credentials": …, "headers": …}
    rate_limit  double precision CHECK (rate_limit > 0),          -- calls per second; null: no limit
    max_in_flight integer NOT NULL DEFAULT 16 CHECK (max_in_flight > 0),
    timeout_seconds double precision NOT NULL DEFAULT 15 CHECK (timeout_seconds > 0),
    on_give_up  text NOT NULL DEFAULT 'keep' CHECK (on_give_up IN ('keep', 'reject_void')),
    filter      jsonb NOT NULL DEFAULT '{}',
    state       text NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'disabled')),
    state_reason text NOT NULL DEFAULT '',
    deleted_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- What is owed. Narrow, because every attempt rewrites the row.
CREATE TABLE callbacks (
    callback_id uuid PRIMARY KEY,      -- derived from (event, endpoint): the receiver's webhook-id
    endpoint_id uuid NOT NULL,
    order_id    uuid NOT NULL,
    event_id    uuid NOT NULL,
    sequence    bigint NOT NULL,       -- the order's version that owed it: sent in this order
    state       text NOT NULL CHECK (state IN
        ('queued', 'waiting', 'pending', 'sending', 'delivered', 'given_up', 'cancelled', 'not_deliverable',
         'suppressed')),               -- waiting: for the order's context
    attempts    integer NOT NULL DEFAULT 0,  -- that count against the policy
    attempt_number integer NOT NULL DEFAULT 0,  -- of the latest attempt, interrupted ones counted too
    due_at      timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    leased_by   text,
    sending_since timestamptz,         -- the intent: an attempt may have been sent from here on
    first_attempt_at timestamptz,
    trigger     text NOT NULL DEFAULT 'policy' CHECK (trigger IN ('policy', 'manual', 'test')),  -- of the next attempt
    replay      boolean NOT NULL DEFAULT false,  -- sent once more on request: says so to the receiver
    outcome     text NOT NULL DEFAULT '',    -- of the latest attempt, or why it will not be sent
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX callbacks_due ON callbacks (endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX callbacks_unfinished ON callbacks (endpoint_id, order_id, sequence)
    WHERE state IN ('queued', 'waiting', 'pending', 'sending');
CREATE INDEX callbacks_leased ON callbacks (endpoint_id, lease_until) WHERE state = 'sending';
CREATE INDEX callbacks_by_order ON callbacks (order_id);
CREATE INDEX callbacks_by_creation ON callbacks (created_at, callback_id);
CREATE INDEX callbacks_by_state ON callbacks (state, created_at);

-- When an endpoint with a rate limit may be called next, whichever publisher calls it.
CREATE TABLE endpoint_paces (
    endpoint_id  uuid PRIMARY KEY,
    next_call_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Attempts that ended. One under way is its callback's `sending_since`.
CREATE TABLE attempts (
    callback_id uuid NOT NULL,
    number      integer NOT NULL,
    outcome     text NOT NULL,         -- delivered, try_again, given_up, interrupted, may_have_been_sent
    stage       text NOT NULL CHECK (stage IN ('before', 'during', 'after')),
    error       text NOT NULL DEFAULT '',    -- a stable code, such as timeout or http-500
    detail      text NOT NULL DEFAULT '',
    status      integer,               -- HTTP
    trigger     text NOT NULL DEFAULT 'policy' CHECK (trigger IN ('policy', 'manual', 'test')),
    worker      text NOT NULL,
    request     bytea,
    answer      bytea,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (callback_id, number)
);

-- What could not be decoded or applied: the original, whole, and why.
CREATE TABLE parked (
    parked_id   uuid PRIMARY KEY,
    processor   text NOT NULL,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    key         bytea,
    value       bytea,
    headers     jsonb NOT NULL,        -- [[name, base64 or null], …]: names repeat and values are bytes
    source      text NOT NULL DEFAULT '',
    order_no    text NOT NULL DEFAULT '',
    stage       text NOT NULL CHECK (stage IN ('record', 'read', 'decide', 'apply')),
    reason      text NOT NULL,         -- a stable code
    detail      text NOT NULL,
    fingerprint text NOT NULL,
    code_version text NOT NULL,
    state       text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'redriven', 'discarded')),
    parked_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (processor, topic, partition, "offset")
);
CREATE INDEX parked_by_fingerprint ON parked (fingerprint, parked_at) WHERE state = 'parked';
CREATE INDEX parked_by_order ON parked USING hash (order_no);
