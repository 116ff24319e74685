-- When the order's last arrival at or before an offset came; before its first one there, the moment before that one.
-- Null: nothing of the order lies on this partition.
SELECT coalesce(
    max(arrived_at) FILTER (WHERE "offset" <= $4), min(arrived_at) - interval '1 microsecond') AS moment
FROM arrivals WHERE order_id = $1 AND topic = $2 AND partition = $3
