"""The templates of the site, and what they may call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.durations import duration
from reports.addresses import run_address
from reports.render import wording
from reports.render.formats import COLLECTION
from reports.render.html_text import label
from reports.render.math_label import in_unicode
from reports.render.plain_text import one_line
from reports.site import markup, paths
from reports.site.all_runs import ShownClip
from reports.site.pictures import caption
from reports.site.progress import tally
from reports.site.runs import value_of
from reports.site.script import policy, script
from reports.site.sparkline import curve_text
from reports.stored.effort import Effort
from reports.tables.scoring_rules import rules_in_words

TEMPLATES = Path(__file__).parent / "templates"


def site_environment() -> Environment:
    """Escapes everything that is no markup, and refuses to pass over what is missing."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: one_line(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "label": label,
        "inline": markup.inline,
        "in_unicode": in_unicode,
        "caption": caption,
        "pooling": rules_in_words,
        "tally": tally,
        "by_device": _by_device,
        "duration": duration,
        "curve_text": curve_text,
        "clip_texts": _clip_texts,
    }
    environment.tests |= {"drawn": markup.is_drawn, "web_address": markup.is_web_address}
    environment.globals |= {
        "say": wording,
        "paths": paths,
        "policy": policy(),
        "script": script(),
        "value_of": value_of,
        "collection": COLLECTION,
        "run_address": run_address,
    }
    return environment


def _clip_texts(clips: Sequence[ShownClip]) -> list[tuple[str, str, str]]:
    """As the script reads them."""
    return [(in_unicode(clip.told), clip.file, one_line(clip.detail)) for clip in clips]


def _by_device(effort: Sequence[Effort]) -> list[tuple[str, int, float]]:
    """Trials and worker seconds by device, over all tasks."""
    devices = dict.fromkeys(item.device for item in effort)
    return [
        (
            device,
            sum(item.trials for item in effort if item.device == device),
            sum(item.device_seconds for item in effort if item.device == device),
        )
        for device in devices
    ]
