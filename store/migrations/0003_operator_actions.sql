-- What operators did: who, what, to which thing, why, when. Rows are only ever added, in the transaction of the deed.

CREATE TABLE operator_actions (
    action_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor      text NOT NULL,
    action     text NOT NULL,          -- a verb, such as retry or disable
    subject    text NOT NULL,          -- the kind of thing: endpoint, callback, parked, context, run
    subject_id text NOT NULL,
    order_id   uuid,                   -- the order whose timeline tells of it, if any
    reason     text NOT NULL DEFAULT '',
    details    jsonb NOT NULL DEFAULT '{}',
    run_id     uuid                    -- the run that did it for the actor, if any
);
CREATE INDEX operator_actions_by_time ON operator_actions (at, action_id);
CREATE INDEX operator_actions_by_order ON operator_actions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX operator_actions_by_subject ON operator_actions (subject, subject_id);
