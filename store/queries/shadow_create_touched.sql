-- The orders that the range has to do with: their shadow holds all of their events.
CREATE UNLOGGED TABLE {shadow}.touched (order_id uuid PRIMARY KEY)
