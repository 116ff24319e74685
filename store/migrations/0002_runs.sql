-- What operators ask to be run, and the audit of it: who asked, why, what, how far it is, what came of it. A replayer
-- holds a run by a lease; one that dies leaves it to the next, which goes on from `progress`.

CREATE TABLE runs (
    run_id       uuid PRIMARY KEY,
    kind         text NOT NULL,         -- replay, promote, rebuild, redrive, export, callback_retry
    asked        jsonb NOT NULL,        -- what to do
    actor        text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    state        text NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'running', 'done', 'failed', 'cancelled')),
    progress     jsonb NOT NULL DEFAULT '{}',
    result       jsonb,
    error        text NOT NULL DEFAULT '',
    cancel_requested boolean NOT NULL DEFAULT false,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at   timestamptz,
    finished_at  timestamptz,
    lease_until  timestamptz,
    leased_by    text
) WITH (fillfactor = 50);
CREATE INDEX runs_by_request ON runs (requested_at, run_id);
CREATE INDEX runs_unfinished ON runs (requested_at) WHERE state IN ('requested', 'running');

-- A parked event that landed: when, and by which run.
ALTER TABLE parked ADD COLUMN settled_at timestamptz;
ALTER TABLE parked ADD COLUMN run_id uuid;
