"""What reports read: trial directories, evaluations, scores, curves, predictions; kept as columns for the next time."""
