"""What storage holds, as the orchestrator reads and writes it."""
