SELECT EXISTS (SELECT FROM runs WHERE kind = 'promote' AND state IN ('requested', 'running') AND asked ->> 'run' = $1)
