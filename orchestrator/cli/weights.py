"""`combo model import` and `combo model export`: the authors' files and ours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.arguments import AssignmentWords, PresetOption, StorageOption, TaskOption
from orchestrator.cli.json_output import JsonOption, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from model.config import TrialConfig
    from model.weights.import_official import Placed


def import_weights(
    file: Annotated[Path, typer.Argument(help="The authors' file of weights.")],
    preset: PresetOption,
    task: TaskOption,
    words: AssignmentWords = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.  [default: <storage>/imported/<preset>-<task>]")
    ] = None,
    source: Annotated[
        str,
        typer.Option(help="Where the authors published the file; tables call weights official only if this is stated."),
    ] = "",
    vggish_weights: Annotated[
        Path | None, typer.Option(help="AudioSet weights of VGGish, where the authors' file does not hold them.")
    ] = None,
    storage: StorageOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every tensor.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Convert the authors' weights into a checkpoint of ours, bit for bit, with every tensor accounted for."""
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from experiments.overrides import parse_assignments
    from experiments.papers import paper_here
    from experiments.presets import resolve_preset
    from orchestrator.redaction import redacted
    from orchestrator.settings import resolve_settings

    console = Console(highlight=False, stderr=as_json)
    try:
        config = resolve_preset(preset, task, parse_assignments(words or []), paper_here())
    except InputError as error:
        absent = [path for path in (file, vggish_weights) if path is not None and not path.is_file()]
        remedy = "name a file of weights"
        raise InputError(*error.problems, *(Problem(str(path), "is not there", remedy) for path in absent)) from None
    with console.status(f"converting {file.name}"):
        from model.weights.import_official import import_official, official_places
        from orchestrator.store.store import Store

        store, name = Store(resolve_settings(storage).storage), f"{preset}-{task}"
        if out is None:
            store.fetch_imported(name)
        folder = out or store.imported / name
        remarks: list[str] = []
        stated = redacted(source.strip())
        created = import_official(file, config, folder, remarks.append, stated, vggish_weights)
        if out is None:
            store.publish_imported(name)
    if not created:
        console.print(f"{file} is already imported: {folder}", soft_wrap=True, markup=False)
        return
    tensors = official_places(config)
    if as_json:
        print_json({"folder": str(folder), "remarks": remarks, "tensors": list(map(_document, tensors))})
    elif verbose:
        for tensor in tensors:
            shape = "x".join(map(str, tensor.shape))
            console.print(f"{' and '.join(tensor.official)} -> {tensor.ours} {shape}", soft_wrap=True, markup=False)
    if not as_json:
        console.print(_mapping(config, tensors))
    for remark in remarks:
        console.print(remark, soft_wrap=True, markup=False)
    console.print(f"imported {file}: {folder}", soft_wrap=True, markup=False)
    if not source:
        told = "tables call these weights imported; --source states where the authors published them"
        console.print(told, soft_wrap=True, markup=False)


def export_weights(
    checkpoint: Annotated[
        str, typer.Argument(help="A checkpoint folder, a trial key, or the name of an imported checkpoint.")
    ],
    out: Annotated[Path, typer.Option(help="The .pth file to write.")],
    storage: StorageOption = None,
) -> None:
    """Write a checkpoint as a file that the authors' code loads; an imported one comes out as it went in."""
    from rich.console import Console

    from orchestrator.settings import resolve_settings
    from orchestrator.store.checkpoint_names import checkpoint_folder
    from orchestrator.store.store import Store

    console = Console(highlight=False)
    folder = checkpoint_folder(checkpoint, Store(resolve_settings(storage).storage))
    with console.status(f"writing {out.name}"):
        from model.weights.export_official import export_official
        from model.weights.import_official import official_form_of
        from model.weights.stored_model import read_stored_model

        stored = read_stored_model(folder)
        written = export_official(stored, out)
    console.print(f"exported {written} tensors: {out}", soft_wrap=True, markup=False)
    if differing := official_form_of(stored.config).departures(stored.config):
        told = f"the authors' code knows no {', '.join(differing)}: it computes something else with these weights"
        console.print(told, style="yellow", soft_wrap=True, markup=False)


def _document(tensor: Placed) -> dict[str, Any]:
    """A tensor, and the names that the authors' file has it under."""
    return {"name": tensor.ours, "official": list(tensor.official), "shape": list(tensor.shape)}


def _mapping(config: TrialConfig, tensors: list[Placed]) -> Table:
    """Which part came from where, a shared encoder from two places; the last rows are no part of our network.

    A part that the authors keep in another file is not listed.
    """
    from math import prod

    from rich.table import Table

    from model.weights.import_official import official_form_of
    from model.weights.parameter_counts import network_without_memory, part_of

    table = Table("module", "in the authors' file", box=None)
    for heading in ("tensors", "parameters"):
        table.add_column(heading, justify="right")
    network = network_without_memory(config)
    parts = network.parts
    for part in parts:
        inside = [tensor for tensor in tensors if part_of(tensor.ours, parts) == part]
        parameters = sum(prod(tensor.shape) for tensor in inside if tensor.is_parameter)
        for names in zip(*(tensor.official for tensor in inside), strict=True):
            table.add_row(part, _common_prefix(names), str(len(inside)), f"{parameters:,}")
    placed = {tensor.ours for tensor in tensors}
    if apart := [value.numel() for name, value in network.state_dict().items() if name not in placed]:
        table.add_row("audio_encoder", "in VGGish's own file", str(len(apart)), f"{sum(apart):,}")
    for name in official_form_of(config).extras(config):
        table.add_row("kept for export", name, "1", "")
    return table


def _common_prefix(names: Sequence[str]) -> str:
    """The modules that names have in common, such as `sem_seg_head.predictor.*`."""
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*(name.split(".") for name in names), strict=False))
    return ".".join([*(parts[0] for parts in common), "*"])
