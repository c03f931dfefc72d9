"""All checks, in the order in which one builds on the other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from experiments.presets import preset_names, resolve_preset
from orchestrator.doctor import collectives, ray_cluster
from orchestrator.doctor.collectives import look_at_gloo, look_at_nccl
from orchestrator.doctor.data_sets import TASKS, look_at_subset
from orchestrator.doctor.finding import Check, fail
from orchestrator.doctor.hardware import look_at_gpus, look_at_memory, look_at_processors, look_at_shared_memory
from orchestrator.doctor.mlflow_check import look_at_mlflow
from orchestrator.doctor.packages import look_at_packages, look_at_torchvision
from orchestrator.doctor.ray_cluster import look_at_ray
from orchestrator.doctor.storage_check import CURES, look_at_free_space, look_at_storage
from orchestrator.doctor.weights import look_at_backbone, look_at_sam, look_at_vggish
from orchestrator.settings import DEFAULT_STORAGE, Settings, resolve_settings
from orchestrator.storage.errors import StorageError

STORAGE, FREE_SPACE = "storage", "free space"
MARGIN = 10.0
"""Seconds by which a check outlasts the process that it waits for."""


def checkup(storage: str | None, data: Path | None, vggish: Path | None, sam: Path | None) -> list[Check]:
    """The checks to carry out, in their order.

    Args:
        storage: as the user names it, see `resolve_settings`.
        data: as the user names it.
        vggish: file with VGGish's weights, if there is one.
        sam: file with SAM's weights, if there is one.
    """
    try:
        return _checks(resolve_settings(storage, data), vggish, sam)
    except StorageError as error:
        lost = {name: Check(name, partial(fail, str(error), CURES)) for name in (STORAGE, FREE_SPACE)}
    # The storage cannot even be opened; all that does not lie there can be looked at nevertheless.
    return [lost.get(check.name, check) for check in _checks(resolve_settings(DEFAULT_STORAGE, data), vggish, sam)]


def pretrained_backbones() -> list[str]:
    """The backbones that presets start from ImageNet weights, by their names in timm."""
    return sorted({name for preset in preset_names() if (name := resolve_preset(preset, "s4").imagenet_backbone)})


def _checks(settings: Settings, vggish: Path | None, sam: Path | None) -> list[Check]:
    storage = settings.storage
    return [
        Check("packages", look_at_packages),
        Check("torch and torchvision", look_at_torchvision, 120.0),
        Check("processors", look_at_processors),
        Check("memory", look_at_memory),
        Check("shared memory", look_at_shared_memory),
        Check("GPUs", look_at_gpus, 60.0),
        Check("gloo", look_at_gloo, collectives.SECONDS + MARGIN),
        Check("NCCL", look_at_nccl, collectives.SECONDS + MARGIN),
        Check("Ray", partial(look_at_ray, settings.ray_address), ray_cluster.SECONDS + MARGIN),
        Check(STORAGE, partial(look_at_storage, storage), 60.0),
        Check(FREE_SPACE, partial(look_at_free_space, storage)),
        Check("MLflow", partial(look_at_mlflow, settings), 60.0),
        *(Check(f"data {task.upper()}", partial(look_at_subset, settings.data, task), 120.0) for task in TASKS),
        *(Check(f"weights {name}", partial(look_at_backbone, name)) for name in pretrained_backbones()),
        Check("weights VGGish", partial(look_at_vggish, vggish), 60.0),
        Check("weights SAM", partial(look_at_sam, sam), 60.0),
    ]
