"""AVSBench's baseline: a pyramid whose maps see the sound through TPAVI, and a convolutional decoder (ECCV 2022)."""
