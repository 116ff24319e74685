-- Unlogged: a crash of Postgres empties every table of the shadow at once, so it is whole or plainly lost.
CREATE UNLOGGED TABLE {shadow}.{table} (LIKE {live}.{table} INCLUDING ALL)
