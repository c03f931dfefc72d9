"""Weights on disk: our own folders (safetensors and JSON), and the authors' files."""
