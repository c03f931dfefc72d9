"""What a run would do, and what it costs. Starts nothing."""
