"""Plots of a report as deterministic SVG and PNG."""
