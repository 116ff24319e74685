-- One digest for each order and table of its rows; the same rows give the same digest in every schema.
SELECT order_id, "table", md5(string_agg(md5(key || ' ' || row::text), '' ORDER BY key COLLATE "C")) AS digest
FROM (
{rows}
) AS rows
GROUP BY order_id, "table"
