-- An event that the present code reads as another one stays for the audit, and for callbacks that tell of it, but no
-- longer counts for its order's state.

ALTER TABLE events ADD COLUMN superseded_by uuid;  -- the run that promoted the other reading; null: it counts
