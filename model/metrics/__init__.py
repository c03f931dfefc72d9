"""How predictions are scored: sums and counts first, means only at the end."""
