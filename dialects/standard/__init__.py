"""Standard Webhooks: canonical JSON, signed, with two live secrets while one is rotated."""
