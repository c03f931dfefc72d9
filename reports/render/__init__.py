"""One file per output format; scores are rounded here and nowhere else."""
