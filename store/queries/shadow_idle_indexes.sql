-- Indexes that are for looking things up in live: a fold finds rows by their keys and by their orders.
SELECT i.indexrelid::regclass::text AS name
FROM pg_index AS i
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE t.relnamespace = $1::regnamespace AND NOT i.indisunique AND a.attname <> 'order_id'
