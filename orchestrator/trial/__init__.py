"""One trial where it runs: its lease, its heartbeat, its record. Knows no Ray."""
