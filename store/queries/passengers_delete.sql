-- The whole fill of these orders: a newer ticketed event replaces it, all or nothing.
WITH t AS (DELETE FROM tickets WHERE order_id = ANY ($1::uuid[])),
     p AS (DELETE FROM pnrs WHERE order_id = ANY ($1::uuid[])),
     a AS (DELETE FROM ancillaries WHERE order_id = ANY ($1::uuid[]))
DELETE FROM passengers WHERE order_id = ANY ($1::uuid[])
