-- Disabled endpoints are owed too: what they miss waits for them.
SELECT endpoint_id, dialect, event_types, filter FROM endpoints WHERE deleted_at IS NULL AND event_types && $1::text[]
