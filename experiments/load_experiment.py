"""Loads experiment files; all mistakes in a file are told at once, those in its trials too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from experiments.errors import InputError, Problem, did_you_mean
from experiments.expand import expand
from experiments.experiment_checks import experiment_problems
from experiments.paper_checks import reported_problems
from experiments.papers import Paper
from experiments.presets import LoadedPreset, load_preset
from experiments.scaled_experiment import ScaledExperiment
from experiments.scales import FULL, shared_scale_names, shared_scales
from experiments.schema import Experiment
from experiments.target_files import TargetFile, find_paper, read_target_file
from experiments.validate import validate_in_part


def load_experiment(name: str, scale: str = FULL, assigned: Mapping[str, JsonValue] | None = None) -> ScaledExperiment:
    """Loads an experiment by name (`combo/table7`) or by the path of a YAML file.

    Raises:
        InputError: no such experiment, scale or preset, or mistakes in the files; then those that would be found in the
            trials are told as well.
    """
    named = read_target_file(name)
    file = named.file
    if named.is_search:
        what = "is a search, which suggests its trials while it runs"
        raise InputError(Problem(file, what, "this command takes experiments, such as combo/table7"))
    paper, problems = find_paper(named)
    experiment, mistakes = validate_in_part(Experiment, _completed(named, paper), file, problems)
    problems = [*mistakes, *experiment_problems(experiment, file, paper)]
    if FULL in experiment.scales:
        problems.append(Problem(f"{file}: scales.{FULL}", "is the experiment itself", "give the scale another name"))
    if scale != FULL and scale not in experiment.scales:
        problems.append(Problem(file, f"has no scale '{scale}'", _scale_remedy(scale, experiment, paper)))
    if paper is None:
        raise InputError(*problems)
    if named.path.is_relative_to(paper.folder):
        problems += reported_problems(experiment, file, paper)
    shared, unknown = shared_scales(experiment, file, paper)
    scaled = ScaledExperiment(named.name, file, named.word, paper, scale, experiment, {}, dict(assigned or {}), shared)
    presets, unknown_presets = _load_presets(scaled)
    scaled = replace(scaled, presets=presets)
    if problems := [*problems, *unknown, *unknown_presets]:
        raise InputError(*dict.fromkeys([*problems, *_trial_problems(scaled)]))
    return scaled


def _completed(named: TargetFile, paper: Paper | None) -> Any:
    """What a file says, with what it leaves to its name and its paper: the number and the measures of its table."""
    content = named.content
    if paper is None or not isinstance(content, dict) or not isinstance(content.get("table"), dict):
        return content
    own = {"number": named.path.stem, "metrics": list(paper.said.metrics)}
    return {**content, "table": {**own, **content["table"]}}


def _scale_remedy(scale: str, experiment: Experiment, paper: Paper | None) -> str:
    """What to do about a scale that an experiment does not have: many want one that experiments share."""
    if scale in shared_scale_names(paper):
        return f"experiments share a scale of that name; to have it, write scales: {{{scale}: {{extends: {scale}}}}}"
    return did_you_mean(scale, [FULL, *experiment.scales])


def _load_presets(scaled: ScaledExperiment) -> tuple[dict[str, LoadedPreset], list[Problem]]:
    """The presets of an experiment at one scale by the names that it uses; an empty one for each with a problem."""
    experiment, stand_ins = scaled.experiment, scaled.settings.presets
    asked = [("preset", experiment.preset)]
    asked += [
        (f"variants.{place}.preset", variant.preset)
        for place, variant in enumerate(experiment.variants)
        if variant.preset is not None
    ]
    presets: dict[str, LoadedPreset] = {}
    problems: list[Problem] = []
    for place, name in asked:
        if name not in presets:
            asked_by = _stand_in_place(scaled, name) if name in stand_ins else f"{scaled.file}: {place}"
            try:
                presets[name] = load_preset(stand_ins.get(name, name), asked_by, scaled.paper)
            except InputError as error:
                problems += error.problems
                presets[name] = LoadedPreset()
    return presets, problems


def _stand_in_place(scaled: ScaledExperiment, preset: str) -> str:
    """The place in a file where a scale replaces a preset, for messages."""
    *_, last = (place for place, part in scaled.scale_parts if preset in part.presets)
    own, _ = scaled.scale_parts[-1]
    return f"{last}.presets.{preset}" if last == own else f"{last}: presets.{preset}"


def _trial_problems(scaled: ScaledExperiment) -> Sequence[Problem]:
    """What is wrong with the trials of an experiment at one scale."""
    try:
        expand(scaled)
    except InputError as error:
        return error.problems
    return ()
