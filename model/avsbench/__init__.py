"""AVSBench's baseline: a pyramid whose maps hear the clip through TPAVI, and a convolutional decoder (ECCV 2022)."""
