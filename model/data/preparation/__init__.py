"""Turning released clips into those that the loader reads (COMBO section 1.3)."""
