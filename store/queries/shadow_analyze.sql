-- What the comparison finds rows by. Of all columns it would take as long as many orders' comparison.
ANALYZE {table} ({columns})
