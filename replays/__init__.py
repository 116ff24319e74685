"""Runs over what lies on Kafka: read again by assignment, in a process and a lane of their own."""
