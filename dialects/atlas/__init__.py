"""Atlas, an upstream supplier: ticketing and void notifications (contracts: atlas-order-ticketed, atlas-order-void)."""
