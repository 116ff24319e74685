-- One that is being sent is cancelled too: its sender finds its lease gone and only records the attempt.
UPDATE callbacks
SET state = 'cancelled', outcome = 'endpoint-deleted', finished_at = now(), lease_until = NULL, leased_by = NULL
WHERE endpoint_id = $1 AND state IN ('queued', 'waiting', 'pending', 'sending')
