"""Hands sweeps to a cluster through Ray Jobs."""
