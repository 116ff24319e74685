DELETE FROM leases WHERE endpoint_id = $1
