"""What is trained: networks, losses, metrics, data and the training loop, in plain PyTorch."""
