-- The statement's own time, not the transaction's: an attempt that began before it may not have seen it.
INSERT INTO order_contexts (order_no, source, party, context, updated_at)
VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (order_no, source, party) DO UPDATE SET context = excluded.context, updated_at = excluded.updated_at
