"""What cannot run is refused before anything is changed or Ray is started."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.trial import Trial
from orchestrator.planning.compilation import refuse_recording
from orchestrator.planning.division import refuse_divided, refuse_uneven
from orchestrator.run_config import RunConfig
from orchestrator.settings import Settings
from orchestrator.store.writable import refuse_unwritable
from orchestrator.sweep.local_resources import local_cluster
from orchestrator.sweep.placement import Placement, worker_resources
from orchestrator.sweep.ray_address import refuse_unusable
from orchestrator.trial.weight_files import WeightFiles, weight_files


def refuse_impossible(trials: Sequence[Trial], settings: Settings, config: RunConfig) -> WeightFiles:
    """Refuses trials that cannot run here; returns the files of weights that they start from.

    Args:
        trials: that are to run.
        settings: where Ray and the storage are.
        config: resources of the run.

    Raises:
        InputError: uneven batches, or divided ones that the network needs whole; too little room on this machine, CUDA
            graphs without a GPU or of divided batches, no cluster at RAY_ADDRESS, files of weights that are absent, or
            a storage that cannot be written.
        BackboneError: batches are to be divided, and a backbone cannot be built.
    """
    refuse_uneven(trials)
    if settings.ray_address is not None:
        refuse_unusable(settings.ray_address)
    else:
        here = local_cluster()
        worker = worker_resources(config, here)
        Placement(lambda: here, worker, config.min_workers).refuse_unplaceable(trials)
        refuse_recording(trials, config, worker.gpus)
    refuse_divided(trials, config.micro_batch)
    files = weight_files(config.vggish_weights, config.backbone_weights or [], trials)
    refuse_unwritable(settings.storage)
    return files
