"""What happens in a synthetic clip: which objects there are, how they move, and when they sound.

Places and lengths are fractions of the picture's side; x runs right, y down. One time step is one second, one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.data.synthetic.kinds import Kind

PLACEMENTS_TRIED = 100
SPEED = (0.03, 0.1)
SPIN = (-0.3, 0.3)
"""Radians per second."""
DIAMETER = {2: (0.33, 0.45), 3: (0.30, 0.38)}
"""Range of diameters by number of objects."""
HUE_SPREAD = 0.02


@dataclass(frozen=True)
class SceneObject:
    """One object. Classes differ in outline and hue; everything else varies within a class."""

    kind: Kind
    radius: float
    centres: NDArray[np.float64]
    """(seconds, 2) x and y."""
    angles: NDArray[np.float64]
    """(seconds,) radians."""
    colour: tuple[float, float, float]
    """Hue, saturation and value, 0 to 1."""
    stripes: float
    """Stripes across the object's diameter."""
    loudness: float
    """Root mean square of its sound, full scale = 1."""
    sounding: tuple[bool, ...]
    """In which seconds it sounds."""


@dataclass(frozen=True)
class Scene:
    """A clip before its pictures and its sound are made."""

    objects: tuple[SceneObject, ...]
    """From back to front."""

    @property
    def seconds(self) -> int:
        """Length of the clip."""
        return len(self.objects[0].sounding)


def single_source_scene(source: Kind, kinds: Sequence[Kind], seconds: int, rng: np.random.Generator) -> Scene:
    """One object that sounds throughout, among one or two silent ones of other kinds."""
    others = [kind for kind in kinds if kind is not source]
    silent = rng.choice(len(others), size=int(rng.integers(1, 3)), replace=False)
    parts = [(source, (True,) * seconds)] + [(others[index], (False,) * seconds) for index in silent]
    return _arrange(parts, seconds, rng)


def multi_source_scene(kinds: Sequence[Kind], seconds: int, rng: np.random.Generator) -> Scene:
    """Three objects of different kinds, two or all of which sound: throughout, or for a while only."""
    chosen = [kinds[index] for index in rng.choice(len(kinds), size=3, replace=False)]
    sources = int(rng.integers(2, 4))
    parts = [
        (kind, _activity(seconds, rng) if place < sources else (False,) * seconds) for place, kind in enumerate(chosen)
    ]
    return _arrange(parts, seconds, rng)


def _activity(seconds: int, rng: np.random.Generator) -> tuple[bool, ...]:
    if rng.random() < 0.4:
        return (True,) * seconds
    start, stop = sorted(rng.choice(seconds + 1, size=2, replace=False).tolist())
    return tuple(start <= second < stop for second in range(seconds))


def _arrange(parts: list[tuple[Kind, tuple[bool, ...]]], seconds: int, rng: np.random.Generator) -> Scene:
    """Gives objects place, motion and looks that say nothing about who sounds: order and all draws are symmetric."""
    shuffled = [parts[index] for index in rng.permutation(len(parts))]
    radii = rng.uniform(*DIAMETER[len(parts)], size=len(parts)) / 2
    paths = _clearest_paths(radii, seconds, rng)
    return Scene(
        tuple(
            SceneObject(
                kind=kind,
                radius=float(radius),
                centres=path,
                angles=float(rng.uniform(0, 2 * np.pi))
                + float(rng.uniform(*SPIN)) * np.arange(seconds, dtype=np.float64),
                colour=_colour(kind, rng),
                stripes=float(rng.uniform(1.5, 4)),
                loudness=float(0.1 * 10 ** (rng.uniform(-10, 0) / 20)),
                sounding=sounding,
            )
            for (kind, sounding), radius, path in zip(shuffled, radii, paths, strict=True)
        )
    )


def _colour(kind: Kind, rng: np.random.Generator) -> tuple[float, float, float]:
    hue = (kind.look.hue + rng.uniform(-HUE_SPREAD, HUE_SPREAD)) % 1.0
    return float(hue), float(rng.uniform(0.75, 1.0)), float(rng.uniform(0.7, 1.0))


def _clearest_paths(radii: NDArray[np.float64], seconds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The placement, of all that are tried, in which objects keep farthest apart: (objects, seconds, 2)."""
    tried = _paths(radii, seconds, rng.random((PLACEMENTS_TRIED, 4 * len(radii))))
    clearest: NDArray[np.float64] = tried[int(np.argmax(_clearances(tried, radii)))]
    return clearest


def _paths(radii: NDArray[np.float64], seconds: int, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Straight motion, reflected where an object would leave the picture: (placements, objects, seconds, 2).

    Args:
        radii: of the objects.
        seconds: length of the clip.
        drawn: (placements, 4 * objects) numbers from 0 to 1: headings, speeds, and the places at which objects start.
    """
    objects = len(radii)
    room = 1 - 2 * radii[:, None, None]
    heading = 2 * np.pi * drawn[:, :objects]
    speed = SPEED[0] + (SPEED[1] - SPEED[0]) * drawn[:, objects : 2 * objects]
    velocity = speed[..., None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    start = drawn[:, 2 * objects :].reshape(len(drawn), objects, 1, 2) * room
    travelled = start + velocity[:, :, None, :] * np.arange(seconds)[:, None]
    unfolded = travelled % (2 * room)
    paths: NDArray[np.float64] = radii[:, None, None] + np.minimum(unfolded, 2 * room - unfolded)
    return paths


def _clearances(paths: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest gap of each placement between any two objects at any second; negative where they overlap."""
    first, second = np.triu_indices(len(radii), k=1)
    distances = np.linalg.norm(paths[:, first] - paths[:, second], axis=-1)
    gaps: NDArray[np.float64] = (distances - (radii[first] + radii[second])[:, None]).min(axis=(1, 2))
    return gaps
