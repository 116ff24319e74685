UPDATE endpoints SET state = 'disabled', state_reason = off.reason, updated_at = now()
FROM unnest($1::uuid[], $2::text[]) AS off (endpoint_id, reason)
WHERE endpoints.endpoint_id = off.endpoint_id AND endpoints.state = 'enabled'
