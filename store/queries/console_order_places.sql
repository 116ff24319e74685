SELECT topic, partition, min("offset") AS first, max("offset") AS last
FROM arrivals WHERE order_id = $1 GROUP BY topic, partition ORDER BY topic, partition
