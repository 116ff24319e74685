SELECT count(*) FROM touched
