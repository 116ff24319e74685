UPDATE parked AS p
SET redrive_count = p.redrive_count + 1, last_failed_at = now(), stage = f.stage, reason = f.reason, detail = f.detail,
    fingerprint = f.fingerprint, code_version = $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS f (parked_id, stage, reason, detail, fingerprint)
WHERE p.parked_id = f.parked_id AND p.state = 'parked'
