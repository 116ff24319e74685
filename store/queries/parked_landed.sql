UPDATE parked SET state = 'redriven', settled_at = now(), run_id = $2
WHERE parked_id = ANY ($1::uuid[]) AND state = 'parked'
