"""Batch normalisation with fixed statistics, in one operation that keeps the precision of its input."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import FrozenBatchNorm2d


class OnePassFrozenNorm(FrozenBatchNorm2d):
    """The same function of the same buffers as `FrozenBatchNorm2d`, which computes four maps, and in fp32.

    Half precision is rounded once, behind the arithmetic, which is in fp32. Bit-exact: no, in fp32 neither.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same, in the same precision."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def normalise_in_one_pass(network: nn.Module) -> None:
    """Makes every `FrozenBatchNorm2d` of a network a `OnePassFrozenNorm`, which has the same tensors."""
    for module in network.modules():
        if type(module) is FrozenBatchNorm2d:
            module.__class__ = OnePassFrozenNorm
