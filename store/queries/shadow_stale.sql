-- Shadows of runs that are not known, ended without a result, or ended longer ago than $1.
SELECT n.nspname FROM pg_namespace AS n
LEFT JOIN runs AS r ON n.nspname = 'shadow_' || replace(r.run_id::text, '-', '')
WHERE n.nspname ~ '^shadow_[0-9a-f]{32}$'
    AND (r.run_id IS NULL OR r.state IN ('failed', 'cancelled') OR r.finished_at < now() - $1::interval)
