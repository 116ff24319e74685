"""AeroHub, a sales platform: `update_order`, told by its suppliers (contract: aerohub-update-order)."""
