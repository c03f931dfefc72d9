"""Temporal pixel-wise audio-visual interaction (AVSBench section 4.2, equation 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class TPAVI(nn.Module):
    """Every pixel attends, without a softmax, to all pixels of its group of frames, which carry their frame's sound.

    With N pixels in a group, the paper writes `y = (theta phi^T / N) g`, whose first product is N x N. The sound is
    the same all over a frame. So what pixel p gets from frame t is `theta_p . phi_t` times the mean of g over that
    frame, and y is the mean of this over the T frames of the group: the same numbers from a product of N x T.

    Args:
        width: channels C of the maps.
        inner_width: channels C' of theta, phi and g.
        audio_width: channels A of the sound, which a linear layer aligns with the maps; None for sound that has C
            channels already and passes as it is.
        align_bias: whether that layer has a bias.
        output_norm: whether the result is normalised over its channels.
    """

    def __init__(
        self,
        width: int,
        inner_width: int,
        audio_width: int | None,
        *,
        align_bias: bool = True,
        output_norm: bool = True,
    ) -> None:
        super().__init__()
        self.align = nn.Identity() if audio_width is None else nn.Linear(audio_width, width, bias=align_bias)
        # Three-dimensional kernels of one element, as that is how the released weights are shaped.
        self.theta, self.phi, self.g = (nn.Conv3d(width, inner_width, 1) for _ in range(3))
        self.output = nn.Conv3d(inner_width, width, 1)
        self.output_scale = nn.BatchNorm3d(width)
        self.output_norm = nn.LayerNorm(width) if output_norm else nn.Identity()
        # A fresh module adds nothing to the maps.
        nn.init.zeros_(self.output_scale.weight)
        nn.init.zeros_(self.output_scale.bias)

    def forward(self, maps: Tensor, sound: Tensor, groups: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Adds to the maps of each group what they get from the sound of its frames.

        Args:
            maps: (BT, C, H, W).
            sound: (BT, A), one embedding per frame.
            groups: frames of each group, one group after the other.

        Returns:
            Maps (BT, C, H, W), and the sound as aligned with them (BT, C).
        """
        aligned = self.align(sound)
        volume = maps[:, :, None]
        theta, g = self.theta(volume)[:, :, 0], self.g(volume).mean((2, 3, 4))
        phi = self.phi(aligned[:, :, None, None, None]).flatten(1)
        affinity = torch.einsum("fchw,tc->fthw", theta, phi) * _mean_over_groups(groups, maps)[:, :, None, None]
        interaction = torch.einsum("fthw,tc->fchw", affinity, g)
        mixed = self.output_scale(self.output(interaction[:, :, None]))[:, :, 0] + maps
        return self.output_norm(mixed.movedim(1, -1)).movedim(-1, 1), aligned


def _mean_over_groups(groups: Sequence[int], like: Tensor) -> Tensor:
    """(BT, BT): one over the frames of a group where both frames are of it, zero elsewhere."""
    blocks = [like.new_full((frames, frames), 1 / frames) for frames in groups]
    return torch.block_diag(*blocks)
