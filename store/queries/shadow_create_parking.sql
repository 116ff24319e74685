-- Records that are parked in one of the two and not in the other.
CREATE UNLOGGED TABLE {shadow}.parking (
    parked_id uuid PRIMARY KEY,
    order_id  uuid,                    -- null: a record of no known order
    lands     boolean NOT NULL         -- parked in live, read now; false: the other way round
)
