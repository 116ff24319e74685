-- Arrivals that are not this order's by the present code: what is read again meets no inbox.
DELETE FROM arrivals AS a
WHERE a.order_id = $1 AND NOT EXISTS (
    SELECT FROM {shadow}.arrivals AS s WHERE s.arrival_id = a.arrival_id AND s.order_id = a.order_id)
