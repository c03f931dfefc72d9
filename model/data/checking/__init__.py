"""Comparing a data folder with what it should hold."""
