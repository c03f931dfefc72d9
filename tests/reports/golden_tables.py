"""Tables of a fixed storage, and what every text format makes of them: the files in tests/golden/reports.

After a wanted change of a format, `python tests/reports/golden_tables.py` writes the files anew; read their diff.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from fake_storage import FINGERPRINT, Storage, make_experiment
from rich.console import Console

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.settings_tables import settings_tables
from experiments.trial import Trial
from reports.render import terminal
from reports.render.formats import table_files
from reports.slugs import slug
from reports.stored.results import read_results
from reports.stored.scored_weights import read_evaluations
from reports.tables.cells import Cell, RunLink, Table
from reports.tables.settings_table import build_settings_table
from reports.tables.table import Known, build_table

FOLDER = Path(__file__).parents[1] / "golden" / "reports"
WIDTH = 120


def golden_tables(root: Path) -> dict[str, Table]:
    """Table 7 with seeds and states, Table 1 with rows of others, Table II turned, Table I of settings, by slug."""
    storage = Storage(root)
    tables = [_table_7(storage), _table_1(storage), _table_ii(storage), *map(build_settings_table, settings_tables())]
    return {slug(table.experiment): _same_everywhere(table) for table in tables}


def golden_files(tables: dict[str, Table]) -> dict[str, str]:
    """All text files by name, what a terminal of 120 columns shows included."""
    files = {name: content for name, content in table_files(tables).items() if isinstance(content, str)}
    return {**files, **{f"{name}.txt": on_terminal(table) for name, table in tables.items()}}


def on_terminal(table: Table, width: int = WIDTH) -> str:
    """What a terminal shows, colours left out."""
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal.render(table))
    lines = [*capture.get().splitlines(), *terminal.remedies(table)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _same_everywhere(table: Table) -> Table:
    """Quantiles of Student's t differ in their last digit from one SciPy to the next."""
    rows = (replace(row, cells=tuple(map(_rounded, row.cells))) for row in table.rows)
    return replace(table, rows=tuple(rows))


def _rounded(cell: Cell) -> Cell:
    if cell.summary is None or cell.summary.interval is None:
        return cell
    low, high = cell.summary.interval
    return replace(cell, summary=replace(cell.summary, interval=(round(low, 6), round(high, 6))))


def _table_7(storage: Storage) -> Table:
    scaled = make_experiment(seeds=(0, 1, 2))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for index, trial in enumerate(trials[:8]):
        storage.finish(trial, 0.60 + index / 100, 0.70 + index / 200)
    storage.fail(trials[8], message="loss is NaN <script>")
    storage.start(trials[9])
    (storage.finish(trials[10], 0.6, 0.7) / "result.json").write_text("{")
    storage.evaluate_imported(trials[3].config, 0.811)
    links = {trials[0].key: RunLink("0" * 32, f"http://localhost:5000/#/experiments/1/runs/{'0' * 32}")}
    known = Known(imported=read_evaluations(storage.root)[0], links=links)
    return build_table(scaled, trials, read_results(storage.root, None), known)


def _table_1(storage: Storage) -> Table:
    trials = _trials("combo/table1")
    for trial in trials:
        if (trial.variant, trial.task) != ("combo-pvt", "ms3"):
            storage.finish(trial, 0.83, 0.905)
    return build_table(load_experiment("combo/table1"), trials, read_results(storage.root, None))


def _table_ii(storage: Storage) -> Table:
    trials = _trials("combo/tableII")
    storage.finish(trials[0], 0.839, 0.92)
    storage.finish(trials[2].on_data("a" * 16), 0.84, 0.93)
    return build_table(load_experiment("combo/tableII"), trials, read_results(storage.root, None))


def _trials(experiment: str) -> list[Trial]:
    return [trial.on_data(FINGERPRINT) for trial in expand(load_experiment(experiment))]


def _rewrite() -> None:
    with TemporaryDirectory() as root:
        files = golden_files(golden_tables(Path(root)))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, content in files.items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    sys.stdout.write(f"{len(files)} files written to {FOLDER}\n")


if __name__ == "__main__":
    _rewrite()
