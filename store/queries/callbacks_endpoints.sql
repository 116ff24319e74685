SELECT * FROM endpoints WHERE endpoint_id = ANY ($1::uuid[])
