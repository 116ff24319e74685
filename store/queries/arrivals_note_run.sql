UPDATE arrivals SET run_id = $2 WHERE arrival_id = ANY ($1::uuid[])
