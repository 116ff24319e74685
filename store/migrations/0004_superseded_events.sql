-- An event that the present code reads as another one stays for the audit, and for callbacks that tell of it, but no
-- longer counts for its order's state.

ALTER TABLE events ADD COLUMN superseded_by uuid;  -- the run that promoted the other reading; null: it counts

-- What an event said until a run promoted another reading of it, under the same identity.
CREATE TABLE superseded_readings (
    run_id     uuid NOT NULL,
    event_id   uuid NOT NULL,
    order_id   uuid NOT NULL,
    arrived_at timestamptz NOT NULL,
    content    jsonb NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, event_id)
);
CREATE INDEX superseded_readings_by_order ON superseded_readings (order_id);
