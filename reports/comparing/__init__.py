"""What differs between trials, experiments or moments, and what came of it."""
