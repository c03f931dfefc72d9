"""What a running sweep says of itself to other programs: metrics for Prometheus, events as JSON lines."""
