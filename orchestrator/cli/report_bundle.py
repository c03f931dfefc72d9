"""`combo report bundle`: the cells behind a paper with their evidence, as one file that travels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.arguments import DataOption, ShownProtocolOption, StorageOption, TableWords
from orchestrator.cli.plain_text import say
from orchestrator.cli.view import ViewScaleOption, choose_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from experiments.records import ProtocolRecord
    from model.config import Task
    from reports.bundle.request import BundleRequest

DEFAULT_OUT = Path("evidence.zip")
NO_LICENCE = "Whoever packed this did not say how it may be used; ask before you use it."


def bundle(
    words: TableWords = None,
    scale: ViewScaleOption = None,
    protocol: ShownProtocolOption = None,
    out: Annotated[Path, typer.Option(help="The file.")] = DEFAULT_OUT,
    with_weights: Annotated[
        bool, typer.Option("--with-weights", help="Pack the tested weights too, not only their checksums.")
    ] = False,
    licence: Annotated[
        str, typer.Option("--license", help="How it may be used: an address, or a name such as CC-BY-4.0.")
    ] = NO_LICENCE,
    storage: StorageOption = None,
    data: DataOption = None,
) -> None:
    """Pack tables and figures with all that they follow from into one file: an RO-Crate, of the Process Run profile.

    It holds configurations, scores of single clips, training curves, checksums, environments and commits. On another
    machine, without this storage, `combo report verify FILE.zip` says whether every number follows.
    """
    from rich.console import Console

    from experiments.errors import InputError, Problem
    from experiments.overrides import names_and_assignments
    from orchestrator.cli.progress_bar import progress_bars
    from orchestrator.report_inputs.gather import gather
    from orchestrator.report_inputs.request import read_words
    from orchestrator.store.store import Store
    from reports.bundle.checksums import digest_of
    from reports.bundle.write import write_bundle
    from reports.stored.results import read_results

    if out.is_dir():
        raise InputError(Problem(str(out), "is a folder", "name a file with --out"))

    def fetch(folders: Sequence[str]) -> None:
        settings.storage.fetch(folders, lambda name: with_weights or not name.endswith(".safetensors"))

    console = Console(highlight=False)
    view = choose_view(words or [], scale, storage, data)
    view.say_remark(console)
    settings = view.settings
    given = names_and_assignments(words or [])
    asked = read_words(*given, view.scale, settings.data, data_was_named=data is not None)
    asked.refuse_without_numbers()
    with progress_bars(console) as progress:
        progress.add_task("Packing evidence", total=None)
        Store(settings.storage).refresh_all()
        results = read_results(settings.storage.root, None)
        gathered = gather(asked, results, settings, None, protocol=protocol)
        protocols = dict(gathered.request.known.protocols)
        request, own_files = _request(words or [], view.scale, protocols, licence, with_weights=with_weights)
        evidence, tables = write_bundle(
            request, gathered.request, results, own_files, settings.storage.root, fetch, out
        )
    measured = sum(cell.summary is not None for table in tables for cell in table.own_cells)
    weights = "with their weights" if with_weights else "without their weights, of which it has the checksums"
    counts = ((measured, "measured cell"), (len(tables), "table"), (len(evidence.trials), "trial"))
    cells, of_tables, trials = (f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts)
    say(f"{cells} of {of_tables} and {trials}, {weights}", console)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB, SHA-256 {digest_of(out)}", console)


def _request(
    words: Sequence[str], scale: str, protocols: dict[Task, ProtocolRecord], licence: str, *, with_weights: bool
) -> tuple[BundleRequest, dict[str, Path]]:
    """What the bundle is asked for, and the user's own YAML files by their names in it."""
    from experiments.errors import InputError, Problem
    from experiments.named_targets import asked_words
    from orchestrator.cli.own_files import own_files_behind
    from orchestrator.commit import current_commit
    from orchestrator.trial.provenance import code_version
    from reports.bundle.request import OWN_FILE, BundleRequest

    own_files: dict[str, Path] = {}
    kept = []
    for word in asked_words(words):
        name, found = own_files_behind(word)
        if any(own_files.get(each, path) != path for each, path in found.items()):
            raise InputError(Problem(word, "has the name of another file in the bundle", "rename it"))
        own_files |= found
        kept.append(f"{OWN_FILE}{name}" if found else word)
    request = BundleRequest(
        words=tuple(kept),
        scale=scale,
        code_version=code_version(),
        commit=current_commit(),
        protocols=protocols,
        licence=licence,
        has_weights=with_weights,
    )
    return request, own_files
