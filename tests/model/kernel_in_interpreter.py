"""Runs the Triton kernel of deformable sampling on the CPU and stores what it gives; the environment must ask for it.

In a process of its own: Triton decides when it is imported whether it interprets.
"""

import sys
from pathlib import Path

import torch

from model.layers.deformable.kernel import kernel_sample


def main(given: Path, found: Path) -> None:
    """Outputs and gradients of stored cases: value, shapes, locations, weights, cotangent."""
    results = []
    for value, shapes, locations, weights, cotangent in torch.load(given, weights_only=True):
        inputs = [tensor.requires_grad_() for tensor in (value, locations, weights)]
        output = kernel_sample(inputs[0], shapes, inputs[1], inputs[2])
        results.append([output.detach(), *torch.autograd.grad(output, inputs, cotangent)])
    torch.save(results, found)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*map(Path, sys.argv[1:]))
