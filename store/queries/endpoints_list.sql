SELECT * FROM endpoints WHERE deleted_at IS NULL ORDER BY name
