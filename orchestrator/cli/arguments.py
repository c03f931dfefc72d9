"""Arguments and options that several verbs share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from experiments.errors import InputError, Problem
from experiments.load_experiment import load_experiment
from experiments.named_targets import named_targets
from experiments.overrides import names_and_assignments
from experiments.presets import preset_names
from experiments.scaled_experiment import ScaledExperiment
from model.config import Task
from orchestrator.run_config import MOST

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPERIMENT... [KEY=VALUE...]",
        help="Experiments by name (PAPER/table7), by table (PAPER/7) or by YAML file, or a search (search/NAME), and "
        "settings laid over them (optim.lr=0.001).",
    ),
]
TargetWords = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPERIMENT... [KEY=VALUE...] | TRIAL...",
        help="Experiments with settings laid over them, or trials by their keys.",
    ),
]
TableWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[EXPERIMENT...] [KEY=VALUE...]",
        help="Experiments by name (PAPER/table7) or table (PAPER/7), and settings laid over them.  "
        "[default: all of them]",
        show_default=False,
    ),
]
OptionalTargetWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[EXPERIMENT... [KEY=VALUE...] | TRIAL...]",
        help="Experiments with settings laid over them, or trials by their keys.  [default: all that is stored]",
        show_default=False,
    ),
]
ScaleOption = Annotated[str, typer.Option("--scale", help="Which scale of the experiment: full, or one it defines.")]
StorageOption = Annotated[
    str | None,
    typer.Option("--storage", help="Folder, or s3://bucket/prefix.  [env: COMBO_STORAGE; default: combo-storage]"),
]
DerivedOption = Annotated[
    Path | None,
    typer.Option(
        "--derived",
        metavar="DIR",
        envvar="COMBO_DERIVED",
        help="Where the data folder is not to be written: a folder of links to the data, for what is made.",
    ),
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder.  [env: COMBO_DATA; default: data]")]

AssignmentWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE...]", help="Settings laid over the preset (model.width=64)."),
]
PresetOption = Annotated[
    str, typer.Option("--preset", help=f"Which network: {', '.join(preset_names())}, or a preset of your paper.")
]
TaskOption = Annotated[Task, typer.Option("--task", help="The AVSBench subset that it segments.")]
CheckpointOption = Annotated[
    str,
    typer.Option(
        "--checkpoint", help="A checkpoint folder, a trial key, or the name of an imported checkpoint in the storage."
    ),
]
ShownProtocolOption = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help="Fill cells by this protocol, under which `combo rescore` scored the trials.  [default: the authors']",
        show_default=False,
    ),
]
DeviceOption = Annotated[str | None, typer.Option("--device", help="cpu or cuda.  [default: cuda if there is one]")]

MaskigeOption = Annotated[str, typer.Option("--maskige", help="Whose Maskiges, by the proposer's name.")]
ProcessesOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=MOST, help="Processes.  [default: one per CPU core]")
]
SizeOption = Annotated[
    int | None,
    typer.Option("--size", min=1, max=MOST, help="Side of the pictures in pixels.  [default: 224, or as synthesised]"),
]


class Subset(StrEnum):
    """The subsets of AVSBench."""

    s4 = "s4"
    ms3 = "ms3"
    avss = "avss"


class ProposerName(StrEnum):
    """Who finds the masks that a Maskige paints."""

    felzenszwalb = "felzenszwalb"
    sam = "sam"
    mobile_sam = "mobile-sam"
    semantic_sam = "semantic-sam"


def chosen_root(folder: Path, subset: Subset, derived: Path | None) -> Path:
    """The subset's root to work in: among the data, or laid over them in the folder for what is made.

    Raises:
        DataError: the subset is not there, or the folders do not fit.
        UnwritableError: the links cannot be made.
    """
    from model.data.derived import lay_over
    from model.data.errors import writing
    from model.data.index import subset_root

    if derived is None or derived.resolve() == folder.resolve():
        return subset_root(folder, subset.value)
    with writing(derived):
        return lay_over(folder, subset.value, derived)


def chosen_processes(workers: int | None) -> int:
    """The number of processes asked for, or one per CPU core."""
    return workers or os.cpu_count() or 1


def chosen_device(device: str | None) -> str:
    """The device asked for, or the best one that this machine has.

    Raises:
        InputError: it is neither cpu nor a CUDA device of this machine.
    """
    import torch

    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not _is_here(device):
        remedy = "use cpu or cuda" if torch.cuda.is_available() else "use cpu"
        raise InputError(Problem(f"--device {device}", "is not a device of this machine", remedy))
    return device


def _is_here(device: str) -> bool:
    import torch

    try:
        parsed = torch.device(device)
    except RuntimeError:
        return False
    if parsed.type != "cuda":
        return device == "cpu"
    # PyTorch keeps eight bits of the number and takes cuda:256 for cuda:0, which the comparison of names refuses.
    return str(parsed) == device and 0 <= (parsed.index or 0) < torch.cuda.device_count()


def read_experiments(words: Sequence[str], scale: str) -> list[ScaledExperiment]:
    """Splits experiment names from overrides and loads them.

    Raises:
        InputError: no experiment is named, or a file or override has mistakes.
    """
    names, assigned = names_and_assignments(words)
    if not names:
        raise InputError(Problem("command line", "names no experiment", "such as combo/table7"))
    return [load_experiment(name, scale, assigned) for name in named_targets(names)]
