"""The authors' checkpoints become stored models: same bits under our names, nothing left over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.config import TrialConfig, config_class, usable_models
from model.interface import OfficialForm, model_of
from model.registry import ModelError
from model.weights.errors import CheckpointError
from model.weights.folder import WEIGHTS_FILE, file_checksum, read_manifest, write_folder
from model.weights.foreign_file import ForeignWeights, read_weights
from model.weights.parameter_counts import network_without_memory
from model.weights.state_dict_mismatch import listing, mismatch
from model.weights.stored_model import Origin, describe, read_stored_model
from model.weights.vggish_file import VGGISH_FILE, read_vggish

log = logging.getLogger(__name__)

OFFICIAL_ONLY_FILE = "official_only.safetensors"
"""Tensors of the authors' state dict that our network does not have, kept for the way back."""
OFFICIAL_ORDER = "official_order"
"""Manifest entry: names of the authors' state dict in its order."""
VGGISH_CHECKSUM = "vggish_sha256"
"""Manifest entry: digest of the file of VGGish, where the authors' state dict does not hold it."""


@dataclass(frozen=True)
class Placed:
    """Where a tensor of ours is in the authors' state dict."""

    ours: str
    official: tuple[str, ...]
    """Two names where the authors' state dict lists a shared encoder twice."""
    shape: tuple[int, ...]
    is_parameter: bool
    """False for buffers, such as the statistics of frozen batch normalisation."""


@dataclass(frozen=True)
class _Apart:
    """Tensors, under our names, that the authors keep in a file of their own."""

    tensors: dict[str, Tensor]
    sha256: str = ""
    remarks: tuple[str, ...] = ()


def official_places(config: TrialConfig) -> list[Placed]:
    """Every tensor of a network that is in the authors' state dict, and its place there.

    Raises:
        CheckpointError: the authors' code has no such network.
        BackboneError: the backbone cannot be built.
    """
    official_form = official_form_of(config)
    network = network_without_memory(config)
    parameters = {name for name, _ in network.named_parameters()}
    state = network.state_dict()
    return [
        Placed(name, official, tuple(state[name].shape), name in parameters)
        for name, official in official_form.names(config, state).items()
    ]


def official_shapes(config: TrialConfig, places: list[Placed]) -> dict[str, tuple[int, ...]]:
    """Every tensor of the authors' state dict, those included that only their code needs.

    Args:
        config: of the network.
        places: its `official_places`.
    """
    extras = official_form_of(config).extras(config)
    shapes = {name: place.shape for place in places for name in place.official}
    return shapes | {name: tuple(value.shape) for name, value in extras.items()}


def _is_published(config: TrialConfig) -> bool:
    try:
        return model_of(config).official is not None
    except ModelError:  # a package whose settings can be read, but not its network
        return False


def whose(state: Mapping[str, Tensor], config: TrialConfig) -> str:
    """What to name instead for tensors that do not fit a network: another model or task, if one can be told.

    Args:
        state: of the authors' file.
        config: of the network that it does not fit.
    """
    in_common = {}
    for name in usable_models():
        other: TrialConfig = config if name == config.model.name else config_class(name).model_validate({})
        if _is_published(other):
            in_common[name] = len(official_shapes(other, official_places(other)).keys() & state.keys())
    most = max(in_common, key=lambda name: (in_common[name], name == config.model.name))
    if most != config.model.name:
        return f"its tensors are named as those of {most}, not of {config.model.name}, so name a preset of {most}"
    for task in config.TASKS:
        other = config.model_copy(update={"data": config.data.model_copy(update={"task": task})})
        if not mismatch(state, official_shapes(other, official_places(other))):
            return f"name --task {task}, which it fits"
    return "name the preset, task and settings that it belongs to"


def official_form_of(config: TrialConfig) -> OfficialForm[Any]:
    """The authors' form of a model.

    Raises:
        CheckpointError: nobody published such a model.
    """
    official = model_of(config).official
    if official is None:
        raise CheckpointError(f"{config.model.name} has no official form, as nobody published its weights")
    return official


def import_official(
    file: Path,
    config: TrialConfig,
    folder: Path,
    say: Callable[[str], None] = log.warning,
    source: str = "",
    vggish_weights: Path | None = None,
) -> bool:
    """Converts a file of the authors into a stored model; returns False when exactly that has been done before.

    Names and shapes decide; values pass as they are, of whatever type. Tensors that only the authors' code needs are
    kept beside ours.

    Args:
        file: with the state dict, as `read_weights` reads it.
        config: the network that it belongs to.
        folder: becomes a stored model, whole or not at all.
        say: told what was taken off the names in the file, or left out of it.
        source: where the authors published the file; empty where that is not known.
        vggish_weights: of the frozen VGGish, for a model whose authors keep it in a file of its own; else None.

    Raises:
        CheckpointError: a file is unreadable or belongs to another network, is missing or is not needed, or the folder
            holds something else or is the current one; all of it at once.
        OSError: the folder cannot be written.
    """
    refusals: list[str] = []
    places: list[Placed] = []
    vggish, weights = _Apart({}), ForeignWeights(file, {})
    if not file.is_file():
        refusals.append(f"{file} is not there: name a file of the authors' weights")
    with _noted(refusals):
        places = official_places(config)
        vggish = _apart(config, places, vggish_weights)
    if not places or not file.is_file():
        raise CheckpointError(*refusals)
    origin = Origin("official", file.name, file_checksum(file), source)
    with _noted(refusals):
        if not _is_free(folder):
            _refuse_other(folder, config, origin, vggish)
            if not refusals:
                return False
    with _noted(refusals):
        weights = _fitting(file, config, places)
    if refusals:
        raise CheckpointError(*refusals)
    state = weights.tensors
    # Clones, because tensors of a foreign file may share memory, which safetensors would refuse.
    ours = {place.ours: state[place.official[0]].clone() for place in places}
    ours |= {name: value.clone() for name, value in vggish.tensors.items()}
    only = {name: state[name].clone() for name in official_form_of(config).extras(config)}
    files = {WEIGHTS_FILE: ours} | ({OFFICIAL_ONLY_FILE: only} if only else {})
    manifest = {**describe(config, 0, origin), OFFICIAL_ORDER: list(state), VGGISH_CHECKSUM: vggish.sha256}
    try:
        write_folder(folder, files, manifest, replace=False)
    except FileExistsError:  # another import was quicker
        _refuse_other(folder, config, origin, vggish)
        return False
    for path, remarks in ((file, weights.remarks), (vggish_weights, vggish.remarks)):
        for remark in remarks:
            say(f"{path} is read {remark}")
    return True


@contextmanager
def _noted(refusals: list[str]) -> Iterator[None]:
    """Notes what is refused within, so that what else is wrong is found as well."""
    try:
        yield
    except CheckpointError as error:
        refusals += error.args


def _is_free(folder: Path) -> bool:
    """Whether nothing lies where a model is to be written.

    Raises:
        CheckpointError: it is the current folder.
    """
    if folder.resolve() == Path.cwd():
        raise CheckpointError(f"{folder} is the current folder: name a new one with --out")
    return not folder.is_file() and not (folder.is_dir() and any(folder.iterdir()))


def _apart(config: TrialConfig, places: list[Placed], path: Path | None) -> _Apart:
    """Exactly the tensors of our network that have no place in the authors' state dict.

    Raises:
        CheckpointError: there is no file for them, or nothing for the file.
    """
    network = network_without_memory(config)
    placed = {place.ours for place in places}
    apart = [name for name in network.state_dict() if name not in placed]
    if not apart and path is not None:
        raise CheckpointError(
            f"the authors' file of {config.model.name} holds VGGish already: leave out --vggish-weights"
        )
    if not apart:
        return _Apart({})
    if path is None:
        raise CheckpointError(
            f"the authors of {config.model.name} keep VGGish in a file of its own: pass {VGGISH_FILE}, as "
            "--vggish-weights FILE"
        )
    encoder = network.frozen_audio_encoder
    assert encoder is not None  # a model may leave out nothing else
    prefix = next(name for name, module in network.named_modules() if module is encoder)
    weights = read_vggish(path, encoder)
    tensors = {f"{prefix}.{name}": value for name, value in weights.tensors.items()}
    return _Apart(tensors, file_checksum(path), weights.remarks)


def _refuse_other(folder: Path, config: TrialConfig, origin: Origin, vggish: _Apart) -> None:
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is a file: name another folder with --out")
    stored = read_stored_model(folder)
    if stored.origin.sha256 != origin.sha256:
        held = stored.origin.file or "weights trained here"
        raise CheckpointError(f"{folder} holds {held} of other content: name another folder with --out, or delete it")
    if origin.source and stored.origin.source != origin.source:
        held = f"stated to be from {stored.origin.source}" if stored.origin.source else "without a stated source"
        raise CheckpointError(f"{folder} holds the same file {held}: name another folder with --out, or delete it")
    if vggish.sha256 != (read_manifest(folder) or {}).get(VGGISH_CHECKSUM, ""):
        raise CheckpointError(f"{folder} holds the same file beside another VGGish: name another folder with --out")
    if stored.config != config:
        raise CheckpointError(
            f"{folder} holds the same file under other settings: name another folder with --out, or delete it"
        )


def _fitting(file: Path, config: TrialConfig, places: list[Placed]) -> ForeignWeights:
    """Every name must be there, none more, all of the right shape, and those of a shared encoder equal."""
    wanted = official_shapes(config, places)
    weights = read_weights(file).without_extras(wanted)
    state = weights.tensors
    if not (told := mismatch(state, wanted)):
        twins = [(place.official[0], copy) for place in places for copy in place.official[1:]]
        unequal = [copy for first, copy in twins if not _same_bits(state[first], state[copy])]
        told = listing({"different from their twins of the shared encoder": unequal})
    if told:
        belongs = whose(state, config)
        raise CheckpointError(f"{file} does not fit, {belongs}: {told}{weights.aside}")
    return weights


def _same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same, not-a-number and the sign of zero included."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    one, other = (tensor.contiguous().flatten().view(torch.uint8) for tensor in (one, other))
    return torch.equal(one, other)
