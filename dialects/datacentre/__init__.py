"""The data centre, an accounting hub of affiliated companies: `ticket_order` (contract: datacentre-ticket-order)."""
