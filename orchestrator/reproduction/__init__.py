"""Reproducibility checks: finished trials are trained again, and compared with what is stored."""
