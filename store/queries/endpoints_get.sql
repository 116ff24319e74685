SELECT * FROM endpoints WHERE (endpoint_id = $1 OR name = $2) AND deleted_at IS NULL
