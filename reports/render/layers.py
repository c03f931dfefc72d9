"""What a line of an audit prints one below the other: what is measured, its interval, what the paper reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reports.render import wording
from reports.render.plain_text import one_line
from reports.tables.cells import Cell


@dataclass(frozen=True)
class Entry:
    """A cell's part of a layer."""

    text: str = ""
    mark: str = ""
    """Raised behind the text."""
    note: str = ""
    """Small behind the text."""
    is_best: bool = False
    is_second: bool = False
    is_ours: bool = True
    """Whether it comes from here, and not from a paper."""
    is_number: bool = True
    """Whether it is what the cell is for, and not a word in its place."""


@dataclass(frozen=True)
class Layer:
    """What cells print on the same height."""

    kind: str
    """What all of them are; empty where that goes without saying."""
    entries: tuple[Entry, ...]


LayersOf: TypeAlias = Callable[[Sequence[Cell]], list[Layer]]
"""The layers of a line; at least one."""


def layers(cells: Sequence[Cell]) -> list[Layer]:
    """The layers of a line; at least one, and none that is empty in all cells but the first."""
    if all(cell.state == "setting" for cell in cells):
        printed = _layer("paper", _printed, cells)
        return [_layer("ours", _ours, cells), printed] if _says_something(printed) else [_layer("", _ours, cells)]
    if all(cell.state == "published" for cell in cells):
        return [_layer("", _reported, cells)]
    below = (
        _layer("CI", _interval, cells),
        _layer("official", lambda cell: _imported(cell, are_official=True), cells),
        _layer("imported", lambda cell: _imported(cell, are_official=False), cells),
        _layer("reported", _reported, cells),
        _layer("Δ", _delta, cells),
    )
    return [_measured_layer(cells), *(layer for layer in below if _says_something(layer))]


def _layer(kind: str, read: Callable[[Cell], Entry], cells: Sequence[Cell]) -> Layer:
    return Layer(kind, tuple(read(cell) for cell in cells))


def _measured_layer(cells: Sequence[Cell]) -> Layer:
    """Seeds that are the same all along are told once."""
    told = {wording.seeds(cell) for cell in cells} - {""}
    if len(told) == 1:
        return _layer(f"measured, {told.pop()}", _measured, cells)
    return _layer("measured", lambda cell: _measured(cell, wording.seeds(cell)), cells)


def _says_something(layer: Layer) -> bool:
    return any(entry.text for entry in layer.entries)


def _measured(cell: Cell, seeds: str = "") -> Entry:
    if not cell.is_ours:
        return Entry()
    note = " ".join(filter(None, (wording.gain(cell), seeds)))
    is_number = cell.summary is not None
    return Entry(wording.measured(cell), wording.dagger(cell), note, is_best=cell.best, is_number=is_number)


def _interval(cell: Cell) -> Entry:
    return Entry(wording.interval(cell))


def _imported(cell: Cell, *, are_official: bool) -> Entry:
    is_meant = cell.imported is not None and cell.imported.record.weights.is_official == are_official
    return Entry(wording.imported_number(cell) if is_meant else "")


def _reported(cell: Cell) -> Entry:
    return Entry(wording.reported_number(cell), is_best=cell.best_reported, is_ours=False)


def _delta(cell: Cell) -> Entry:
    return Entry(wording.delta(cell))


def _ours(cell: Cell) -> Entry:
    return Entry(one_line(cell.text))


def _printed(cell: Cell) -> Entry:
    return Entry(wording.other_setting(cell), is_ours=False)
