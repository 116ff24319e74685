INSERT INTO events (event_id, order_id, type, arrived_at, content, dialect, origin)
VALUES ($1, $2, $3, now(), $4, 'ticketwire', 'hub')
