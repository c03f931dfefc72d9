"""Plots beside tables and searches."""
