"""Multi-scale deformable attention (Deformable DETR, equation 3), and forms of its sampling beside a reference."""
