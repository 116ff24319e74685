-- What became of a parked event when it was tried again, and the record's own time on Kafka, in ms since the epoch.

ALTER TABLE parked ADD COLUMN redrive_count integer NOT NULL DEFAULT 0;  -- redrives that failed again
ALTER TABLE parked ADD COLUMN last_failed_at timestamptz;
ALTER TABLE parked ADD COLUMN settled_reason text NOT NULL DEFAULT '';   -- why it was discarded
ALTER TABLE parked ADD COLUMN timestamp_ms bigint;                       -- null: parked by a version that kept none
CREATE INDEX parked_unsettled ON parked (processor, parked_at, parked_id) WHERE state = 'parked';
