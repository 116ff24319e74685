INSERT INTO position (position) VALUES ($1)
