"""The papers' figures of a storage and a data folder: gathers what reports cannot read, then has them drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from experiments.errors import InputError
from experiments.figure_schema import AnyFigure, Shown
from experiments.figures import load_figures, proposers_of, samples_of, trained_in
from experiments.load_experiment import load_experiment
from experiments.papers import Paper
from experiments.printed_commands import Caller
from experiments.records import PREDICTIONS_DIR
from experiments.target_files import word_of
from model.data.errors import DataError
from model.data.maskige import ade20k_palette
from model.data.sample_clips import SampleClip, read_samples
from model.data.sound_outline import OUTLINE_RATE
from orchestrator.planning.plan import trials_where_data_are
from orchestrator.settings import Settings
from orchestrator.store.prediction_files import shown_classes
from orchestrator.store.store import Store
from reports.drawing.plot import PaperFigure
from reports.figures.figure_inputs import Asked, FigureInputs, Missing, Sample, Samples
from reports.figures.paper_figures import build_paper_figures, predicting_trials
from reports.stored.results import Results


def paper_figures(
    papers: Iterable[Paper],
    assigned: Mapping[str, JsonValue],
    scale: str,
    settings: Settings,
    results: Results,
    caller: Caller,
) -> list[PaperFigure]:
    """All figures of some papers.

    Args:
        papers: whose figures.
        assigned: settings laid over the experiments whose trials they show.
        scale: of these experiments.
        settings: storage and data folder; where it lacks a subset, trials are found by their configuration alone.
        results: of the storage.
        caller: how the user calls `combo`.

    Raises:
        InputError: a file of figure definitions has mistakes.
        StorageError: predictions cannot be fetched.
    """
    figures: list[PaperFigure] = []
    store = Store(settings.storage)
    for paper in papers:
        defined = load_figures(paper)
        inputs = _inputs(paper, defined, assigned, scale, settings.data, caller)
        for key in predicting_trials(defined, inputs, results):
            store.storage.fetch(f"{store.trial(key).name}/{PREDICTIONS_DIR}")
        figures += build_paper_figures(paper, defined, inputs, results)
    return figures


def _inputs(
    paper: Paper,
    figures: Sequence[AnyFigure],
    assigned: Mapping[str, JsonValue],
    scale: str,
    data: Path,
    caller: Caller,
) -> FigureInputs:
    names = {trained.experiment for figure in figures for trained in trained_in(figure)}
    samples = {shown: _samples(shown, proposers_of(figure), data) for figure in figures for shown in samples_of(figure)}
    words = {name: word_of(paper.path(name)) for name in sorted(names)}
    experiments = {name: _asked(word, assigned, scale, data, caller) for name, word in words.items()}
    return FigureInputs(experiments, samples, ade20k_palette())


def _asked(name: str, assigned: Mapping[str, JsonValue], scale: str, data: Path, caller: Caller) -> Asked | Missing:
    try:
        scaled = load_experiment(name, scale, assigned)
        return Asked(scaled, trials_where_data_are([scaled], data, None)[0], caller)
    except InputError as error:
        return Missing(str(error))


def _samples(shown: Shown, proposers: Iterable[str], data: Path) -> Samples:
    clips = shown.clips
    try:
        found = read_samples(data, shown.task, proposers, clips.ids, slice(clips.after, clips.after + clips.count))
    except DataError as error:
        # Figures are the same wherever the data lie.
        return Missing(str(error).replace(str(data), "the data folder"))
    return [_sample(shown, one) for one in found]


def _sample(shown: Shown, clip: SampleClip) -> Sample:
    return Sample(
        clip=clip.entry.name,
        category=clip.entry.category,
        frames=clip.frames,
        truth=clip.truth,
        classes=shown_classes(shown.task, clip.truth),
        sound=clip.sound,
        sound_rate=OUTLINE_RATE,
        maskiges=clip.maskiges,
    )
