"""The picture of the dashboard: recorded from a real bot by a real Prometheus, then drawn."""
