SELECT parked_id, topic, partition, "offset", state
FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS place (topic, partition, "offset")
JOIN parked USING (topic, partition, "offset")
WHERE processor = ANY ($1::text[])
