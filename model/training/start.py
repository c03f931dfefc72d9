"""Where training starts: afresh, from other weights, or where an earlier attempt ended.

Only the first worker reads checkpoints and weight files, which may lie on its own machine; the others are told.
"""

from __future__ import annotations

from pathlib import Path

import torch

from model.config import TrialConfig
from model.interface import Network, model_of
from model.training.checkpoint import Progress, latest_training_state, load_training_state, named_parameters
from model.training.initial_weights import load_initial_weights
from model.training.optim import device_of_count
from model.training.workers import Workers
from model.weights.frozen_part import mend_frozen
from model.weights.stored_model import load_weights


def fresh_network(
    config: TrialConfig,
    vggish_weights: Path | None,
    backbone_weights: Path | None,
    initial_weights: Path | None,
    workers: Workers,
) -> Network:
    """The network before its first step; its weights are the first worker's until `continue_training` shares them.

    See `load_initial_weights` for the arguments.

    Raises:
        CheckpointError: weights that the configuration needs were not given, or do not fit; every worker raises it.
        BackboneError: the backbone cannot be built; every worker raises it.
    """
    torch.manual_seed(config.seed)
    if not workers.is_first:
        return workers.together(lambda: model_of(config).build(config.without_pretraining()))

    def build() -> Network:
        model = model_of(config).build(config if backbone_weights is None else config.without_pretraining())
        load_initial_weights(model, config, vggish_weights, backbone_weights, initial_weights)
        return model

    return workers.together(build)


def continue_training(
    root: Path, model: Network, optimizer: torch.optim.Optimizer, scaler: torch.amp.GradScaler, workers: Workers
) -> Progress:
    """Makes everything as it was at the newest intact training state below `root`, the same on every worker.

    Without one, training starts at step 0 with the weights that the first worker's network has.

    Raises:
        CheckpointError: stored weights do not fit the network; every worker raises it.
    """

    def restore() -> tuple[Progress, dict[str, object]]:
        if workers.is_first:
            mend_frozen(model, root)
        state = latest_training_state(root) if workers.is_first else None
        return (Progress(), scaler.state_dict()) if state is None else load_training_state(state, model, optimizer)

    progress, scaler_state = workers.share(workers.together(restore))
    scaler.load_state_dict(scaler_state)
    workers.share_tensors(model.state_dict().values())
    _share_moments(optimizer, workers)
    return progress


def share_weights(folder: Path, model: Network, workers: Workers) -> None:
    """Fills every worker's network with stored weights.

    Raises:
        CheckpointError: the folder is damaged, or its weights do not fit; every worker raises it.
    """
    workers.together(lambda: load_weights(folder, model) if workers.is_first else None)
    workers.share_tensors(model.state_dict().values())


def _share_moments(optimizer: torch.optim.Optimizer, workers: Workers) -> None:
    """Gives every worker the first one's optimiser state. Steps go as numbers: they may be counted on the CPU."""
    named = dict(named_parameters(optimizer))
    steps = {name: float(optimizer.state[p]["step"]) for name, p in named.items() if p in optimizer.state}
    for name, step in workers.share(steps).items():
        parameter = named[name]
        if not workers.is_first:
            empty = {"exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
            optimizer.state[parameter] = {
                "step": torch.tensor(step, device=device_of_count(optimizer, parameter)),
                **empty,
            }
        state = optimizer.state[parameter]
        workers.share_tensors((state["exp_avg"], state["exp_avg_sq"]))
