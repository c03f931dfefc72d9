"""Searches: which point of a space is trained next. The only room that knows Optuna."""
