SELECT p.name, p.kind, p.birthday, p.gender, p.document_number, p.document_type, p.document_issued_by,
    p.document_expires, p.nationality,
    ARRAY(SELECT ticket_number FROM tickets t
          WHERE t.order_id = p.order_id AND t.passenger = p.passenger ORDER BY position) AS ticket_numbers,
    ARRAY(SELECT locator FROM pnrs r
          WHERE r.order_id = p.order_id AND r.passenger = p.passenger ORDER BY position) AS pnrs,
    ARRAY(SELECT content FROM ancillaries a
          WHERE a.order_id = p.order_id AND a.passenger = p.passenger ORDER BY position) AS ancillaries,
    p.extra
FROM passengers p
WHERE p.order_id = $1
ORDER BY p.passenger
