"""Whether every number follows from what is stored."""
