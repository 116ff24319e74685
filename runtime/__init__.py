"""What every process stands on: settings, errors, logs, metrics, clocks, loops, Kafka clients, health."""
