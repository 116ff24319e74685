"""Everything Postgres: the pool, the migrations, one file per table, one .sql file per statement."""
