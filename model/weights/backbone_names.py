"""How others name the tensors of the backbones that we take from timm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from model.weights.renaming import Renames, rename

STAGES = range(4)


@dataclass(frozen=True)
class Naming:
    """One code base's names for a family of backbones."""

    title: str
    renames: Renames
    """From the names of timm's `features_only` form."""
    plain: str = ".*"
    """Regular expression of all names that the code base has; others belong to a variant that it does not build."""

    def name(self, ours: str) -> str:
        """What the code base calls a tensor of ours."""
        return rename(ours, self.renames)

    def covers(self, names: Iterable[str]) -> bool:
        """Whether the code base can build the backbone with these tensors of ours."""
        return all(re.fullmatch(self.plain, self.name(name)) for name in names)


DETECTRON2_RESNET = Naming(
    "detectron2",
    [
        (r"^conv1\.", "stem.conv1."),
        (r"^bn1\.", "stem.conv1.norm."),
        *[(rf"^layer{stage + 1}\.", f"res{stage + 2}.") for stage in STAGES],
        (r"\.bn(\d)\.", r".conv\1.norm."),
        (r"\.downsample\.0\.", ".shortcut."),
        (r"\.downsample\.1\.", ".shortcut.norm."),
    ],
    r"(stem\.conv1|res[2-5]\.\d+\.(conv[123]|shortcut))"
    r"\.(weight|norm\.(weight|bias|running_mean|running_var|num_batches_tracked))",
)
OFFICIAL_PVT_V2 = Naming(
    "the authors of PVT-v2",
    [
        (r"^patch_embed\.", "patch_embed1."),
        *[(rf"^stages_{stage}\.downsample\.", f"patch_embed{stage + 1}.") for stage in STAGES],
        *[(rf"^stages_{stage}\.blocks\.", f"block{stage + 1}.") for stage in STAGES],
        *[(rf"^stages_{stage}\.norm\.", f"norm{stage + 1}.") for stage in STAGES],
        (r"\.dwconv\.", ".dwconv.dwconv."),
    ],
    r"(patch_embed[1-4]\.(proj|norm)|norm[1-4]"
    r"|block[1-4]\.\d+\.(norm[12]|attn\.(q|kv|proj|sr|norm)|mlp\.(fc[12]|dwconv\.dwconv)))\.(weight|bias)",
)
TIMM = Naming("timm or torchvision", [(r"^stages_(\d)\.", r"stages.\1.")])
"""Whole models; `features_only` joins a stage and its number, so that stages can be left out."""

NAMINGS = (DETECTRON2_RESNET, OFFICIAL_PVT_V2, TIMM)


def official_naming(names: Iterable[str]) -> Naming | None:
    """The names of a backbone in the authors' code; None if they have no such backbone.

    Args:
        names: of the tensors of a timm model in its `features_only` form.
    """
    listed = list(names)
    return next((naming for naming in (DETECTRON2_RESNET, OFFICIAL_PVT_V2) if naming.covers(listed)), None)
