"""How every figure is drawn: one look, three forms, the same bytes for the same data."""
