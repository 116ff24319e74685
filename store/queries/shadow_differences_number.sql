SELECT count(*) FROM differences
