INSERT INTO passengers (order_id, passenger, name, kind, birthday, gender, document_number, document_type,
    document_issued_by, document_expires, nationality, extra)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::jsonb[])
