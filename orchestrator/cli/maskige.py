"""`combo data maskige`: make the Maskiges that the loader reads beside the frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.errors import InputError, Problem
from orchestrator.cli.arguments import (
    DerivedOption,
    DeviceOption,
    ProcessesOption,
    ProposerName,
    SizeOption,
    Subset,
    chosen_device,
    chosen_processes,
    chosen_root,
)
from orchestrator.cli.exit_codes import DATA_FAULTY
from orchestrator.cli.made_files import show_made
from orchestrator.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from model.proposals.source import MaskSource

NETWORKS = (ProposerName.sam, ProposerName.mobile_sam)


def maskige(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder, or the subset's own folder.")],
    subset: Annotated[Subset, typer.Option(help="Which AVSBench subset.")],
    proposer: Annotated[
        ProposerName, typer.Option(help="Who finds the masks; felzenszwalb needs no weights.")
    ] = ProposerName.felzenszwalb,
    weights: Annotated[
        Path | None, typer.Option(help="Weights of sam or mobile-sam: the published file, or a Hugging Face folder.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="Folder with the .npy files of semantic-sam, laid out as the frames are.")
    ] = None,
    size: SizeOption = None,
    device: DeviceOption = None,
    workers: ProcessesOption = None,
    derived: DerivedOption = None,
) -> None:
    """Make the Maskiges of a proposer for every frame of a subset.

    What is there and intact stays, so an interrupted run continues; published Maskiges stay in any case. A frame that
    cannot be used stops no other and is named at the end; the exit code is then 1.
    """
    from rich.console import Console

    from model.data.expectation import expectation_of
    from model.data.layout import maskige_root
    from model.proposals.writer import write_maskiges

    console = Console()
    root = chosen_root(folder, subset, derived)
    side = size or expectation_of(root, subset.value).size
    processes = _processes(proposer, workers)
    with progress_bar(console, f"Making {subset.value.upper()} Maskiges") as on_progress:
        source = _source(proposer, weights, masks, device, subset, root)
        made = write_maskiges(root, subset.value, side, source, processes, on_progress)
    folder = maskige_root(subset.value, root, source.name)
    show_made(f"{subset.value.upper()} Maskiges by {source.name} in {folder}", made, console)
    raise typer.Exit(DATA_FAULTY if made.problems else 0)


def _processes(proposer: ProposerName, workers: int | None) -> int:
    if proposer not in NETWORKS:
        return chosen_processes(workers)
    if workers is not None and workers > 1:
        raise InputError(Problem("--workers", f"is {workers}", f"leave it away, {proposer.value} runs in one process"))
    return 1


def _source(
    proposer: ProposerName, weights: Path | None, masks: Path | None, device: str | None, subset: Subset, root: Path
) -> MaskSource:
    from model.proposals.proposer import build_proposer
    from model.proposals.semantic_sam import StoredMasks
    from model.proposals.source import ProposedMasks

    if proposer is not ProposerName.semantic_sam:
        if masks is not None:
            raise InputError(Problem("--masks", "is given", f"leave it away, {proposer.value} looks at the frames"))
        found_device = chosen_device(device) if proposer in NETWORKS else "cpu"
        return ProposedMasks(build_proposer(proposer.value, weights, found_device))
    if masks is None:
        raise InputError(Problem("--masks", "is missing", "name the folder with the .npy files of semantic-sam"))
    if weights is not None:
        raise InputError(Problem("--weights", "is given", "leave it away, semantic-sam's masks are read from --masks"))
    return StoredMasks(masks, subset.value, root)
