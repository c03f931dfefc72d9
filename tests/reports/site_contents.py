"""A small site on which every state of a cell and every kind of page is found."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.scaled_experiment import ScaledExperiment
from experiments.settings_tables import settings_tables
from experiments.trial import Trial
from reports.build import ReportedExperiment, Request, build_report
from reports.drawing.plot import PaperFigure, Plot
from reports.drawing.style import draw
from reports.search_outcomes import SearchOutcome, SearchPoint
from reports.stored.results import read_results
from reports.tables.cells import RunLink
from reports.tables.table import Known
from tests.reports.fake_storage import FINGERPRINT, PROTOCOL, Storage, make_experiment

MEASURED = "#cell-0-0"
"""The provenance of a number from three seeds, in Table 7."""
MISSING_FIGURE = "no trial of combo/table3 has stored predictions"


def table7() -> tuple[ScaledExperiment, list[Trial]]:
    scaled = make_experiment(seeds=(0, 1, 2))
    return scaled, [trial.on_data(FINGERPRINT) for trial in expand(scaled)]


def fill(root: Path) -> Storage:
    """λ = 0 has all seeds, 5 some of them, 10 has failed, 20 is unfinished; of Table 1 one row was scored long ago."""
    storage = Storage(root)
    _, trials = table7()
    for seed, trial in enumerate(trials[:5]):
        storage.finish(trial, 0.61 + seed / 100, 0.72)
    for trial in trials[6:9]:
        storage.fail(trial)
    for trial in trials[9:]:
        storage.start(trial)
    for trial in expand(load_experiment("combo/table1"))[:1]:
        storage.finish(trial.on_data(FINGERPRINT), 0.8, 0.9, protocol=PROTOCOL.model_copy(update={"version": 0}))
    return storage


def build_site(storage: Storage, out: Path, links: dict[str, RunLink] | None = None) -> Path:
    """The folder of the site."""
    table1 = load_experiment("combo/table1")
    turned = load_experiment("bigen/table6")
    request = Request(
        reported=[
            ReportedExperiment(*table7()),
            ReportedExperiment(table1, [trial.on_data(FINGERPRINT) for trial in expand(table1)]),
            ReportedExperiment(turned, []),
        ],
        settings=settings_tables(),
        searches=[search()],
        figures=[
            PaperFigure("combo-figure-4", "COMBO", "4", "Heat maps", "With and without $\\lambda_{ada}$.", _plot()),
            PaperFigure("combo-figure-5", "COMBO", "5", "Comparison", "Four variants.", None, MISSING_FIGURE),
        ],
        known=Known(protocols={"s4": PROTOCOL}, links=links or {}),
        storage="/data/storage",
    )
    build_report(request, read_results(storage.root, None), out)
    return out


def search() -> SearchOutcome:
    """Three of twelve points, at a small scale."""
    points = (
        SearchPoint("1" * 16, {"optim.lr": 0.0001}, {"m_j": 61.5, "parameters": 20.5}, "finished", True),
        SearchPoint("2" * 16, {"optim.lr": 0.001}, {"m_j": 58.0, "parameters": 24.5}, "finished", False),
        SearchPoint("3" * 16, {"optim.lr": 0.01}, {}, "running", False),
    )
    objectives = ("m_j", "parameters")
    command = "combo run search/architecture --scale smoke"
    return SearchOutcome(
        *("search/architecture", "Size against score", "s4", "smoke", objectives, points, command),
        wanted=12,
        data_fingerprint=FINGERPRINT,
        note="A few steps on synthetic data: the scores mean nothing.",
    )


def _plot() -> Plot:
    """With pixels inside, as the figures with photographs have."""
    return Plot("combo-figure-4", "Heat maps", "Two by two fields.", *draw(partial(_paint)))


def _paint() -> Figure:
    figure = Figure(figsize=(4, 2))
    figure.subplots().imshow([[0, 1], [1, 0]])
    return figure
