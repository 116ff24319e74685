"""order.ticketed: tickets, passengers, PNRs and ancillaries, all of an order or none."""
