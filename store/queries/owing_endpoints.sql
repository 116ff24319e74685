-- Disabled endpoints are owed too: what they miss waits for them. The lock keeps one from being deleted meanwhile, which
-- would leave callbacks that nobody cancels. $2: dialects in which an event has no wire form; that is recorded.
SELECT endpoint_id, name, dialect, event_types, filter FROM endpoints
WHERE deleted_at IS NULL AND (event_types && $1::text[] OR dialect = ANY($2::text[]))
FOR KEY SHARE
