"""Finds the state dict in what a file of weights holds, wherever training code has put it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from torch import Tensor

from model.weights.array_pickle import StoredArray
from model.weights.errors import UnreadableKindError
from model.weights.inert_pickle import StandIn
from model.weights.state_dict_mismatch import first_few, printable
from model.weights.tensor_pickle import StoredTensor

STATE = "model"
"""Entry of a training checkpoint that holds the weights, beside the optimiser and the like."""
WRAPPERS = (STATE, "state_dict", "model_state_dict", "net", "ema_state_dict", "state_dict_ema")
"""Entries that hold the weights; of several the first is taken."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
"""What DistributedDataParallel, torch.compile, Lightning and modules of one's own put before every name."""
EXTRAS = frozenset(["total_ops", "total_params", "num_batches_tracked", "n_averaged", "pixel_mean", "pixel_std"])
"""Last words of the names of tensors that are no weights: counts of profilers and averages, constants of inputs."""
DEEPEST = 3
"""Wrappers within wrappers that are looked into."""

Stored = Tensor | StoredTensor | StoredArray
"""What a tensor is before its values are read; those of safetensors are read already."""


@dataclass(frozen=True)
class FoundState:
    """A state dict in a file."""

    entry: str
    """Where it was, such as `state_dict` or `checkpoint.model`; empty if the whole file is one."""
    values: Mapping[Any, Any]
    others: tuple[str, ...] = ()
    """Entries beside it that hold tensors by name too."""


def find_state(content: Any) -> FoundState:
    """The state dict: in one of the `WRAPPERS`, the content itself, or the largest of its other entries.

    Args:
        content: of a file, with stand-ins for what is no tensor.

    Raises:
        UnreadableKindError: it has none, or several equals.
    """
    if not isinstance(content, Mapping):
        raise UnreadableKindError(_no_state(content))
    entries = {str(name): found for name, value in content.items() if (found := _within(value, DEEPEST))}
    counts = {name: _count(found.values) for name, found in entries.items()}
    named = [name for name in WRAPPERS if name in entries]
    if not named and (direct := _count(content)) and direct >= max(counts.values(), default=0):
        return FoundState("", content)
    if not entries:
        raise UnreadableKindError(_no_state(content))
    best = named[0] if named else max(counts, key=lambda name: counts[name])
    others = tuple(name for name in entries if name != best)
    rivals = [name for name in others if counts[name] == counts[best]]
    if rivals and not named:
        raise UnreadableKindError(
            f"holds tensors by name more than once, as {first_few([best, *rivals])}: save those that are wanted alone"
        )
    inner = entries[best]
    return FoundState(f"{best}.{inner.entry}".rstrip("."), inner.values, others)


def is_tensor(value: Any) -> TypeGuard[Stored]:
    """Whether a value of a file is a tensor, or an array of numbers."""
    return isinstance(value, Tensor | StoredTensor) or (isinstance(value, StoredArray) and not value.asked)


def is_extra(name: str) -> bool:
    """Whether a tensor of that name is no weight, unless a network has it."""
    return name.rpartition(".")[2] in EXTRAS


def common_prefix(names: list[str]) -> str:
    """What stands before all names of weights, such as `module._orig_mod.`; empty if nothing does."""
    weights = [name for name in names if not is_extra(name)]
    prefix = ""
    while weights and (more := next((p for p in PREFIXES if all(n.startswith(prefix + p) for n in weights)), "")):
        prefix += more
    return prefix


def _within(value: Any, depth: int) -> FoundState | None:
    """The state dict in an entry, of which wrappers are followed."""
    if not isinstance(value, Mapping) or depth == 0:
        return None
    for name in WRAPPERS:
        if found := _within(value.get(name), depth - 1):
            return FoundState(f"{name}.{found.entry}".rstrip("."), found.values)
    return FoundState("", value) if _count(value) else None


def _count(values: Mapping[Any, Any]) -> int:
    return sum(map(is_tensor, values.values()))


def _no_state(content: Any) -> str:
    """What a file holds instead of a state dict."""
    state = content.get(STATE, content) if isinstance(content, Mapping) else content
    if isinstance(state, StandIn) and not state:
        if state.asked != "collections.OrderedDict":
            whole = "a whole object" + (f" as '{STATE}'" if state is not content else "")
            return f"holds {whole}, of {printable(state.asked)}, which is never made: save its state_dict() instead"
    elif isinstance(state, Mapping) and state:
        name, value = next(
            ((name, value) for name, value in state.items() if isinstance(value, StandIn | StoredArray)),
            next(iter(state.items())),
        )
        if isinstance(value, StandIn | StoredArray):
            return asks_for(value.asked)
        kind = type(value).__name__
        return f"holds {printable(str(name))!r}, which is of type {kind}: weights are tensors, nothing else"
    return f"holds no tensors by name: it should be a state dict, or have one as '{STATE}'"


def asks_for(asked: str) -> str:
    """What to say of a file that asks for something in the place of weights, or for running code anywhere."""
    return (
        f"asks for '{printable(asked)}', which no weights need, so it was not loaded: "
        "download it again from its authors, or have its tensors saved alone, as safetensors"
    )
