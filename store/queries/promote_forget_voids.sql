WITH said AS (DELETE FROM void_statuses WHERE order_id = $1)
DELETE FROM void_cases WHERE order_id = $1
