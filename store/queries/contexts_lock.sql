SELECT pg_advisory_xact_lock(720262, $1::integer)
