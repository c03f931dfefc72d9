"""Opening what people hand in: files of any kind become upright pictures and sound on one clock."""
