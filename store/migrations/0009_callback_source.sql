-- The source of the callback's order, so that a claim need not look for the order itself.

ALTER TABLE callbacks ADD COLUMN source text NOT NULL DEFAULT '';  -- empty: the version before wrote it; the order knows
