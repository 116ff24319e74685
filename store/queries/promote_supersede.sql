UPDATE events SET superseded_by = $2 WHERE event_id = ANY ($1::uuid[])
