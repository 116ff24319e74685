"""Kafka to Postgres: read, decode, seen before?, decide, apply, commit."""
