"""COMBO (arXiv 2312.06462): Siam encoder, pixel decoder, bilateral fusion, query decoder."""
