"""Drawing a scene: frames, and the visible region of every object."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from model.data.synthetic.scene import Scene, SceneObject

Grid = tuple[NDArray[np.float64], NDArray[np.float64]]
GRATINGS = 4
GRAIN = 0.03
"""Standard deviation of the noise on every frame, full scale = 1."""


def draw(scene: Scene, size: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draws every second of a scene.

    Returns:
        Frames uint8 (seconds, size, size, 3), and regions bool (seconds, objects, size, size): the pixels on which an
        object is seen, so that no pixel belongs to two.
    """
    centres = (np.arange(size) + 0.5) / size
    grid: Grid = (centres[None, :], centres[:, None])
    background = _background(grid, rng)
    frames = np.empty((scene.seconds, size, size, 3), dtype=np.uint8)
    regions = np.zeros((scene.seconds, len(scene.objects), size, size), dtype=np.bool_)
    for second in range(scene.seconds):
        canvas = background.copy()
        for index, thing in enumerate(scene.objects):
            coverage, colours = _thing(thing, second, grid, size)
            canvas += coverage[..., None] * (colours - canvas)
            inside = coverage > 0.5
            regions[second, :index] &= ~inside
            regions[second, index] = inside
        canvas += rng.normal(0, GRAIN, canvas.shape)
        frames[second] = np.clip(np.rint(canvas * 255), 0, 255).astype(np.uint8)
    return frames, regions


def _background(grid: Grid, rng: np.random.Generator) -> NDArray[np.float64]:
    """A dull colour under a few crossing gratings, (size, size, 3)."""
    base = np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.25), rng.uniform(0.3, 0.7)))
    x, y = grid
    relief = np.zeros(np.broadcast_shapes(x.shape, y.shape))
    for _ in range(GRATINGS):
        frequency, heading, phase = rng.uniform(2, 12), rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        relief += 0.06 * np.sin(2 * np.pi * frequency * (x * np.cos(heading) + y * np.sin(heading)) + phase)
    background: NDArray[np.float64] = base + relief[..., None]
    return background


def _thing(thing: SceneObject, second: int, grid: Grid, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coverage 0 to 1, (size, size), soft over one pixel at the rim, and shaded colours (size, size, 3)."""
    x, y = grid[0] - thing.centres[second, 0], grid[1] - thing.centres[second, 1]
    angle = np.arctan2(y, x) - thing.angles[second]
    look = thing.kind.look
    rim = thing.radius * (1 + look.wave * np.cos(look.lobes * angle))
    distance = np.hypot(x, y)
    coverage = np.clip((rim - distance) * size + 0.5, 0, 1)
    across = distance * np.cos(angle) / (2 * thing.radius)
    shade = 0.85 + 0.15 * np.cos(2 * np.pi * thing.stripes * across)
    return coverage, shade[..., None] * np.array(colorsys.hsv_to_rgb(*thing.colour))
