UPDATE position SET position = $2 WHERE position = $1 RETURNING true
