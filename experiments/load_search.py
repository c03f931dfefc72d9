"""Loads search files; all mistakes in a file are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from pydantic import JsonValue

from experiments.errors import InputError, Problem, did_you_mean
from experiments.presets import Asking, LoadedPreset, lay_over_preset, load_preset
from experiments.resolve import Layer
from experiments.scales import FULL
from experiments.search_schema import Axis, Search, SearchScale
from experiments.searches import ScaledSearch
from experiments.setting_names import unknown_settings
from experiments.target_files import find_paper, read_target_file, search_names
from experiments.validate import validate_in_part

GIVEN_ELSEWHERE = {
    "seed": "say it under seed",
    "data.task": "say it under task",
    "data.fingerprint": "it is computed from the data folder",
    "initial_trial": "the trials of a search start from no other trial",
    "task": "say it in the file or in one of its scales",
    "tasks": "a search has one, say task in the file or in one of its scales",
    "preset": "name it in the file or in one of its scales",
    "scale": "say --scale",
}
"""What a search's overrides cannot change, and what to do instead."""
NEVER_VARIED = {
    **dict.fromkeys(GIVEN_ELSEWHERE, "all points share it"),
    "model.name": "all points are of its preset's model; compare models as variants of an experiment",
    "schema_version": "all points share it",
    "data.maskige": "it changes the data; compare proposers in an experiment",
    "data.size": "it changes the data; compare sizes in an experiment",
}
"""Settings that cannot be an axis, and why."""
RUNGS = ("training.iterations", "training.evaluate_every")
"""What early stopping measures time by."""


def load_search(name: str, scale: str = FULL, assigned: Mapping[str, JsonValue] | None = None) -> ScaledSearch:
    """Loads a search by name (`search/lambda_ada`) or by the path of a YAML file.

    Args:
        name: of the search.
        scale: `full`, or one that the file defines.
        assigned: overrides from the command line, laid over everything else.

    Raises:
        InputError: no such search, scale or preset, mistakes in the files, or demands that contradict each other.
    """
    target = read_target_file(name)
    file = target.file
    if not target.is_search:
        raise InputError(Problem(file, "is no search: it has no space", did_you_mean(name, search_names())))
    paper, problems = find_paper(target)
    search, problems = validate_in_part(Search, target.content, file, problems)
    if FULL in search.scales:
        problems.append(Problem(f"{file}: scales.{FULL}", "is the search itself", "give the scale another name"))
    if scale != FULL and scale not in search.scales:
        problems.append(Problem(file, f"has no scale '{scale}'", did_you_mean(scale, [FULL, *search.scales])))
    if paper is None:
        raise InputError(*problems)
    assigned = dict(assigned or {})
    settings = search.scales.get(scale, SearchScale())
    asked_by = f"{file}: {f'scales.{scale}.preset' if settings.preset else 'preset'}"
    try:
        preset = load_preset(settings.preset or search.preset, asked_by, paper)
    except InputError as error:
        problems += error.problems
        preset = LoadedPreset()
    own_layers: list[Layer] = [
        (f"{file}: overrides", search.overrides),
        (f"{file}: scales.{scale}", settings.overrides),
        ("command line", assigned),
    ]
    task_place = f"{file}: {f'scales.{scale}.task' if settings.task else 'task'}"
    asking = Asking(file, settings.task or search.task, task_place, GIVEN_ELSEWHERE, "a search", paper)
    try:
        base = lay_over_preset(preset, own_layers, asking, search.seed)
    except InputError as error:
        raise InputError(*problems, *error.problems) from None
    if not preset.parts:
        raise InputError(*problems)  # what can be varied depends on the preset's model
    scaled = ScaledSearch(target.name, file, target.word, paper, scale, search, preset, base, assigned)
    if problems := [*problems, *_axis_problems(scaled, own_layers), *_length_problems(scaled)]:
        raise InputError(*problems)
    return scaled


def _axis_problems(scaled: ScaledSearch, own_layers: list[Layer]) -> Iterator[Problem]:
    """What is wrong with each axis: its setting, what else gives it a value, and the values themselves."""
    place = f"{scaled.file}: space"
    unknown = unknown_settings(dict.fromkeys(scaled.space), place, type(scaled.base))
    for key, axis in scaled.space.items():
        if key in NEVER_VARIED:
            yield Problem(f"{place}: {key}", "cannot be varied by a search", NEVER_VARIED[key])
        elif key in unknown:
            yield unknown[key]
        elif key in RUNGS and scaled.search.early_stopping is not None:
            yield Problem(f"{place}: {key}", "sets the rungs of early_stopping", "all points must share it")
        else:
            yield from _value_problems(scaled, key, axis)
        for source, overrides in own_layers:
            if key in overrides:
                yield Problem(f"{source}: {key}", "is what the search varies", "leave it out")


def _value_problems(scaled: ScaledSearch, key: str, axis: Axis) -> Iterator[Problem]:
    for value in axis.extremes:
        try:
            scaled.trial({key: value})
        except InputError as error:
            yield from error.problems


def _length_problems(scaled: ScaledSearch) -> Iterator[Problem]:
    sizes = [axis.size for axis in scaled.space.values()]
    known_sizes = [size for size in sizes if size is not None]
    if len(known_sizes) == len(sizes) and prod(known_sizes) < scaled.trials:
        where = f"{scaled.file}: {f'scales.{scaled.scale}.' if scaled.settings.trials else ''}trials"
        yield Problem(where, f"asks for {scaled.trials} points of {prod(known_sizes)}", "lower it, or widen the space")
    iterations = scaled.base.training.iterations
    if scaled.grace_steps is not None and scaled.grace_steps >= iterations:
        what = f"lasts {scaled.grace_steps} of {iterations} steps at scale {scaled.scale}, so nothing would end early"
        yield Problem(f"{scaled.file}: early_stopping.grace_evaluations", what, "lower it")
