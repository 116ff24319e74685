SELECT arrival_id FROM arrivals WHERE arrival_id = ANY ($1::uuid[])
