"""HTTP to Kafka: limit, verify, wrap, send, reply."""
