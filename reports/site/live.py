"""The page of a sweep that runs: how far its trials are, their curves and pictures. It loads itself again by and by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.plots.seed_bands import Points, points_of, thinned
from reports.site import paths
from reports.site.environment import site_environment
from reports.site.live_previews import PreviewedClip
from reports.site.sparkline import Sparklines
from reports.stored.evaluations import Curve


@dataclass(frozen=True)
class LiveTrial:
    """A trial as it is now."""

    key: str
    label: str
    state: str
    attempts: int
    step: int
    steps: int
    reason: str
    """Why it failed; empty if it did not."""
    task: str
    curve: Points | None
    """Validation M_J in percent over optimiser steps; None before the first validation."""

    @property
    def best(self) -> float | None:
        """The highest validation M_J so far."""
        return None if self.curve is None else float(self.curve[1].max())


@dataclass(frozen=True)
class LiveSweep:
    """A sweep as it is now."""

    name: str
    """Empty while none is known."""
    told: str
    """Its state in a sentence, or why nothing is known of it."""
    trials: tuple[LiveTrial, ...]
    clips: tuple[PreviewedClip, ...] = ()
    """Clips of the validation split, as its trials segment them now."""
    problems: tuple[str, ...] = ()
    """Files that could not be used."""

    @property
    def pictures(self) -> dict[str, bytes]:
        """The page's pictures by their paths below the site's root."""
        strips = (strip for clip in self.clips for strip in clip.strips)
        return {paths.live_picture(strip.file): strip.content for strip in strips}


def live_curve(curve: Curve) -> Points | None:
    """What a page shows of a trial's validations."""
    points = points_of(curve)
    return None if points is None else thinned(points)


def render_live(sweep: LiveSweep, built: str, every: int, problems: Sequence[str] = ()) -> str:
    """The page.

    Args:
        sweep: to show.
        built: when the report was built last, as a sentence.
        every: seconds after which the page loads itself again.
        problems: why the report could not be built, if it could not.
    """
    template = site_environment().get_template("live.html.j2")
    return template.render(
        sweep=sweep,
        built=built,
        every=every,
        problems=(*problems, *sweep.problems),
        sparklines=Sparklines(sweep.trials),
        root="",
        path=paths.LIVE,
        is_live=True,
        contents=None,
    )
