-- Orders whose shadow differs from live, and what each was compared with.
CREATE UNLOGGED TABLE {shadow}.differences (
    order_id   uuid PRIMARY KEY,
    baseline   text NOT NULL,          -- digest of the live rows, the order's version and its arrivals
    target     text NOT NULL,          -- digest of the shadow's rows
    difference jsonb NOT NULL,
    promoted   text                    -- what became of it: promoted, or why it was skipped
)
