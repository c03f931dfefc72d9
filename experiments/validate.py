"""Validates what a file says against a model, and tells every mistake with its place and its remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from experiments.errors import InputError, Problem, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
LONGEST_VALUE = 60
"""Characters of a wrong value that a message repeats."""


def validate(model: type[Model], values: Any, file: str, origins: Mapping[str, str] | None = None) -> Model:
    """Validates parsed values against a model.

    Args:
        model: what the values should be.
        values: parsed.
        file: where the values come from, for messages.
        origins: by dotted key, where a value comes from if not from `file`; the latest last.

    Raises:
        InputError: with one problem per mistake, all mistakes of the file at once.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(*problems_in(error, model, file, origins)) from None


def problems_in(
    error: ValidationError, model: type[BaseModel], file: str, origins: Mapping[str, str] | None = None
) -> list[Problem]:
    """The mistakes that a validation has found; see `validate`."""
    return [_problem(model, file, origins or {}, entry) for entry in error.errors()]


def validate_in_part(
    model: type[Model], values: Any, file: str, found_before: Sequence[Problem] = ()
) -> tuple[Model, list[Problem]]:
    """As `validate`, but what is wrong is left out, so that the rest can be checked further.

    Args:
        model: see there.
        values: see there.
        file: see there.
        found_before: problems of the file, to be told with the others.

    Returns:
        What is left, and all problems so far.

    Raises:
        InputError: what is wrong cannot be left out.
    """
    rest = deepcopy(values)
    problems: list[Problem] = []
    while True:
        try:
            return model.model_validate(rest), [*found_before, *problems]
        except ValidationError as error:
            mistakes = error.errors()
        # What is wrong only because something was left out, such as a list that is empty now, is not told.
        problems = problems or [_problem(model, file, {}, entry) for entry in mistakes]
        places = dict.fromkeys(entry["loc"] for entry in reversed(mistakes))  # the last of a list comes first
        if not all(_leave_out(rest, place) for place in places):
            raise InputError(*found_before, *problems)


def _leave_out(values: Any, place: Sequence[int | str]) -> bool:
    """Deletes what lies at a place; returns whether anything does."""
    try:
        *sections, last = place
        for section in sections:
            values = values[section]
        del values[last]
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _problem(model: type[BaseModel], file: str, origins: Mapping[str, str], entry: Any) -> Problem:
    path = [str(part) for part in entry["loc"]]
    where = ": ".join([_origin(path, origins) or file, *([".".join(path)] if path else [])])
    if entry["type"] == "extra_forbidden":
        return Problem(where, "unknown key", did_you_mean(path[-1], _siblings(model, path)))
    if entry["type"] == "missing":
        return Problem(where, "required key is missing", "add it")
    what = entry["msg"].removeprefix("Value error, ")
    given = entry.get("input")
    if isinstance(given, str | int | float | bool):
        what = f"{what}, got {_short(repr(given))}"
    return Problem(where, what[0].lower() + what[1:])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _origin(path: list[str], origins: Mapping[str, str]) -> str | None:
    """Where the value at `path` comes from: what it is part of, or else the latest of its own parts."""
    place = ".".join(path) + "."
    around = [source for key, source in origins.items() if place.startswith(f"{key}.")]
    inside = [source for key, source in origins.items() if path and key.startswith(place)]
    return next(iter([*around, *reversed(inside)]), None)


def _siblings(model: type[BaseModel], path: list[str]) -> list[str]:
    """Field names of the section in which the last part of `path` was looked for."""
    current: Any = model
    for part in path[:-1]:
        field = current.model_fields.get(part) if _is_model(current) else None
        current = _section_of(field.annotation) if field is not None else current
    return list(current.model_fields) if _is_model(current) else []


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def _section_of(annotation: Any) -> Any:
    """The model inside an annotation such as `Section | None`, `list[Section]` or `dict[str, Section]`."""
    if _is_model(annotation):
        return annotation
    nested = [_section_of(argument) for argument in getattr(annotation, "__args__", ())]
    return next((candidate for candidate in nested if candidate is not None), None)
