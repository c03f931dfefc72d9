"""AVSBench clips: reading them, augmenting them, batching them, and writing synthetic ones in the same layout."""
