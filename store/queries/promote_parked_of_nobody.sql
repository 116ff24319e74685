SELECT parked_id FROM parking WHERE order_id IS NULL AND NOT lands
