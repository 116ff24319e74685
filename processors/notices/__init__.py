"""order.rejected, order.changed and order.refunded: facts that are kept and told, each once."""
