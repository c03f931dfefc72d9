"""The networks and losses of both baselines behind their backbones, written anew from their description.

On weights under the authors' names, with what ours spares: products of all positions with all positions, ReLUs in
place, frames regrouped by five, padding with flags, loops over frames. Nothing here is shared with `model`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

DILATIONS = (3, 6, 12, 18)
STAGES = range(4)
T = 5


class Official:
    """Layers of a state dict in training, by their official names.

    Args:
        state: official key to tensor.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.state = state

    def convolution(self, maps: Tensor, name: str, **shape: Any) -> Tensor:
        weight, bias = self.state[f"{name}.weight"], self.state.get(f"{name}.bias")
        return (F.conv2d if weight.ndim == 4 else F.conv3d)(maps, weight, bias, **shape)

    def linear(self, rows: Tensor, name: str) -> Tensor:
        return F.linear(rows, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"))

    def batch_norm(self, maps: Tensor, name: str) -> Tensor:
        """By the statistics of the batch."""
        return F.batch_norm(maps, None, None, *self._scale(name), training=True)

    def channel_norm(self, volume: Tensor, name: str) -> Tensor:
        moved = volume.permute(0, 2, 3, 4, 1)
        return F.layer_norm(moved, moved.shape[-1:], *self._scale(name)).permute(0, 4, 1, 2, 3)

    def dilated_sum(self, maps: Tensor, name: str, layer: str = "") -> Tensor:
        convolved = [
            self.convolution(maps, f"{name}.conv2d_list.{branch}{layer}", padding=step, dilation=step)
            for branch, step in enumerate(DILATIONS)
        ]
        return torch.stack(convolved).sum(0)

    def tpavi(self, maps: Tensor, sound: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """Maps (BT, C, h, w) and sound (BT, A) to both after their interaction, the sound as (B, T, C)."""
        aligned = sound.unflatten(0, (-1, T))
        if f"{name}.align_channel.weight" in self.state:
            aligned = self.linear(aligned, f"{name}.align_channel")
        x = maps.unflatten(0, (-1, T)).transpose(1, 2)
        tiled = aligned.transpose(1, 2)[..., None, None].expand_as(x)
        theta, phi, g = (
            self.convolution(volume, f"{name}.{layer}").flatten(2)
            for volume, layer in ((x, "theta"), (tiled, "phi"), (x, "g"))
        )
        affinity = theta.transpose(1, 2) @ phi / theta.shape[2]
        y = (affinity @ g.transpose(1, 2)).transpose(1, 2).unflatten(2, x.shape[2:])
        mixed = self.batch_norm(self.convolution(y, f"{name}.W_z.0"), f"{name}.W_z.1") + x
        return self.channel_norm(mixed, f"{name}.norm_layer").transpose(1, 2).flatten(0, 1), aligned

    def _scale(self, name: str) -> tuple[Tensor, Tensor]:
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]


def avsbench(
    w: Official, maps: Sequence[Tensor], sound: Tensor, flags: Tensor
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Logits, features as the decoder has left them, and aligned sound, of frames of which flags tell the real ones."""
    real = flags.view(-1, 1, 1, 1)
    features, sounds = [], []
    for stage, level in enumerate(maps, start=1):
        mixed, aligned = w.tpavi(w.dilated_sum(level, f"conv{stage}") * real, sound, f"tpavi_b{stage}")
        features.append(mixed * real)
        sounds.append(aligned)

    def unit(x: Tensor, name: str) -> Tensor:
        inner = w.convolution(F.relu(x, inplace=True), f"{name}.conv1", padding=1)
        return w.convolution(F.relu(inner, inplace=True), f"{name}.conv2", padding=1) + x

    path = features[3]
    for stage in (4, 3, 2, 1):
        if stage < 4:
            path = path + unit(features[stage - 1], f"path{stage}.resConfUnit1")
        path = unit(path, f"path{stage}.resConfUnit2")
        path = F.interpolate(path, scale_factor=2, mode="bilinear", align_corners=True) * real
    hidden = w.convolution(path, "output_conv.0", padding=1)
    hidden = F.interpolate(hidden, scale_factor=2, mode="bilinear", align_corners=False)
    hidden = w.convolution(hidden, "output_conv.2", padding=1).relu()
    return w.convolution(hidden, "output_conv.4") * real, features, sounds


def avsbench_losses(
    task: str, logits: Tensor, features: Sequence[Tensor], sounds: Sequence[Tensor], truth: Tensor, flags: Tensor
) -> dict[str, Tensor]:
    """Segmentation and mapping loss.

    Args:
        task: s4, ms3 or avss.
        logits: (BT, K, H, W).
        features: of the stages.
        sounds: aligned with them.
        truth: (BT, H, W) class ids.
        flags: which frames have labels.
    """
    labelled = flags.nonzero().flatten().tolist()
    if task == "avss":
        segmentation = sum(F.cross_entropy(logits[[frame]], truth[[frame]]) for frame in labelled) / len(labelled)
    else:
        wanted = truth[labelled, None].to(logits.dtype)
        segmentation = F.binary_cross_entropy(logits[labelled].sigmoid(), wanted)
    by_stage = []
    for feature, sound in zip(features, sounds, strict=True):
        if task == "avss":
            found = (logits.argmax(1, keepdim=True) != 0).to(logits.dtype)
            mask = F.adaptive_avg_pool2d(found, feature.shape[2:])
        else:
            mask = F.adaptive_avg_pool2d(logits, feature.shape[2:]).sigmoid()
        seen, heard = (feature * mask).mean((2, 3)), sound.flatten(0, 1)
        frames = [F.kl_div(v.log_softmax(0), a.softmax(0), reduction="sum") for v, a in zip(seen, heard, strict=True)]
        by_stage.append(sum(frames[f] for f in labelled) / len(labelled) if task == "avss" else sum(frames))
    return {"ce" if task == "avss" else "bce": segmentation, "avm": sum(by_stage) / 4}


def bigen(
    w: Official, maps: Sequence[Tensor], audio: Tensor, neck: str, fusion: str
) -> tuple[Tensor, list[Tensor], Tensor]:
    """Logits, fused features, and the coarsest of them behind the correlation attention."""
    heard = audio / (audio.square().sum(1, keepdim=True) + 1e-6).sqrt()
    fused, moving = [], []
    for stage, level in enumerate(maps):
        name = f"neck.conv_list.{stage}"
        if neck == "aspp":
            reduced = w.dilated_sum(level, name, ".conv")
        else:
            reduced = level
            for layer, padding in enumerate((0, 1, 1)):
                reduced = w.convolution(reduced, f"{name}.reduce.{layer}.conv", padding=padding)
                reduced = w.batch_norm(reduced, f"{name}.reduce.{layer}.norm")
        seen = reduced / (reduced.square().sum(1, keepdim=True) + 1e-6).sqrt()
        fused.append(_fused(w, seen, heard, f"fusion_modules.{stage}", fusion))
        moving.append(_moving(w, fused[-1], f"corr_atten.{stage}"))

    def unit(x: Tensor, name: str) -> Tensor:
        out = x
        for layer in ("ConvBNReLU1", "ConvBNReLU2"):
            out = w.convolution(out, f"{name}.{layer}.conv", padding=1)
            out = w.batch_norm(out, f"{name}.{layer}.norm").relu()
        return x + out

    path = moving[3]
    for block in STAGES:
        name = f"decoder.short_connect_with_decode_module.{block}"
        if block:
            path = path + unit(moving[3 - block], f"{name}.resConfUnit1")
        path = unit(path, f"{name}.resConfUnit2").repeat_interleave(2, 2).repeat_interleave(2, 3)
    head = "decoder.head_up_2.output_conv"
    hidden = w.convolution(path, f"{head}.0", padding=1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    hidden = w.convolution(hidden, f"{head}.2", padding=1).relu()
    return w.convolution(hidden, f"{head}.4"), fused, moving[3]


def _fused(w: Official, seen: Tensor, heard: Tensor, name: str, fusion: str) -> Tensor:
    if fusion == "tpavi":
        return w.tpavi(seen, heard, name)[0]
    gate = w.convolution(seen * heard[:, :, None, None], f"{name}.conv1.conv")
    gate = w.convolution(gate, f"{name}.conv2.conv", padding=3)
    return seen * (1 + w.convolution(gate, f"{name}.conv3.conv").sigmoid())


def _moving(w: Official, fused: Tensor, name: str) -> Tensor:
    """Frame by frame, with the volume of each and its partner as a whole."""
    clips = []
    for clip in fused.split(T):
        for frame, partner in zip(range(T), (1, 2, 3, 4, 3), strict=True):
            volume = torch.einsum("chw,cij->hwij", clip[frame], clip[partner]).relu()
            gate = w.convolution(volume.mean((2, 3))[None, None], name)[0].sigmoid()
            clips.append(clip[frame] * (1 + gate))
    return torch.stack(clips)


def bigen_losses(
    w: Official, task: str, outputs: tuple[Tensor, list[Tensor], Tensor], audio: Tensor, truth: Tensor
) -> dict[str, Tensor]:
    """The parts of the training loss.

    Args:
        w: for the projection from pictures to sound.
        task: s4 or ms3.
        outputs: of `bigen`.
        audio: (BT, 128) as VGGish gives it.
        truth: (BT, H, W) class ids.
    """
    logits, fused, coarsest = outputs
    mask = logits if task == "s4" else truth[:, None].to(logits.dtype)
    encoded = coarsest * F.adaptive_avg_pool2d(mask, coarsest.shape[2:])
    for layer, padding in enumerate((0, 1, 0)):
        encoded = w.convolution(encoded, f"mask_encoder.{layer}.conv", padding=padding)
    generated = w.linear(encoded.flatten(2), "maksed_visual_to_audio")[:, :, 0]
    distances = [
        (a / a.norm() - g / g.norm() + 1e-6).square().sum().sqrt() for a, g in zip(audio, generated, strict=True)
    ]

    shown = slice(None, None, T) if task == "s4" else slice(None)
    seen, g = logits[shown], truth[shown, None].to(logits.dtype)
    weight = 1 + 5 * (F.avg_pool2d(g, 31, stride=1, padding=15) - g).abs()
    p = seen.sigmoid()
    iou = []
    for frame in range(len(g)):
        inter = (weight[frame] * p[frame] * g[frame]).sum()
        union = (weight[frame] * (p[frame] + g[frame])).sum()
        iou.append(1 - (inter + 1) / (union - inter + 1))

    heard = audio / (audio.square().sum(1, keepdim=True) + 1e-6).sqrt()
    divergences = []
    for feature in fused:
        pooled = (feature * F.adaptive_avg_pool2d(logits, feature.shape[2:]).sigmoid()).mean((2, 3))
        target, source = (F.normalize(rows, dim=1) for rows in (heard, pooled))
        divergences.append((target.softmax(1) * (target.log_softmax(1) - source.log_softmax(1))).sum())
    return {
        "bce": F.binary_cross_entropy_with_logits(seen, 0.999 * g + 0.0005),
        "iou": sum(iou) / len(iou),
        "kl": sum(divergences) / 4,
        "consistency": sum(distances) / len(distances),
    }
