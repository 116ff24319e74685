"""order.void: void cases, each status with its message, and their history."""
