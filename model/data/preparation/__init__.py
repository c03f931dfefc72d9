"""Turning released clips into those that the loader reads, as the released script does."""
