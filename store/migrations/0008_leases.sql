-- A callback that is being sent is pending, with a row here; it was state 'sending' in a row of its own kind before
-- (docs/decisions/0054). Publishers of the version before go on recording what they have under way, and claim nothing
-- more; what they leave is taken over when their leases run out (callbacks_adopt.sql).

CREATE TABLE leases (
    endpoint_id    uuid NOT NULL,
    callback_id    uuid NOT NULL,
    attempt_number integer NOT NULL,      -- of the attempt under way
    leased_by      text NOT NULL,
    sending_since  timestamptz NOT NULL,  -- the intent: an attempt may have been sent from here on
    lease_until    timestamptz NOT NULL,
    PRIMARY KEY (endpoint_id, callback_id)
) WITH (autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION leave_unclaimed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER callbacks_are_leased BEFORE UPDATE OF state ON callbacks
    FOR EACH ROW WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION leave_unclaimed();
