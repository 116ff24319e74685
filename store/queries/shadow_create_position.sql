-- How far the fold came: one row, written with what it tells of. None: the shadow was lost.
CREATE UNLOGGED TABLE {shadow}.position (only_row boolean PRIMARY KEY DEFAULT true, position jsonb NOT NULL)
