"""AVS-BiGen (arXiv 2308.08288): segmentation by sound and motion, and sound generated back from what is segmented."""
