"""The papers' figures, rebuilt from stored predictions and clips of the data."""
