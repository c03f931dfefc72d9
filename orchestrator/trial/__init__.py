"""One trial where it runs: its claim, its sign of life, its record. Knows no Ray."""
