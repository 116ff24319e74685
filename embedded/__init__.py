"""Kafka and Postgres in a box, for one machine."""
