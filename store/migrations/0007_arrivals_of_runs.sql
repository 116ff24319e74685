-- Which replay brought an arrival that the live processors had not, so that the order's timeline tells of it.

ALTER TABLE arrivals ADD COLUMN run_id uuid;  -- null: it came by itself
