INSERT INTO runs (run_id, kind, asked, actor, reason) VALUES ($1, $2, $3, $4, $5) RETURNING *
