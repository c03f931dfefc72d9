"""How `--help` looks: options in groups, and colours on a terminal.

Without Rich's own help: to import Rich takes longer than all the rest of `combo --help`.
"""

from __future__ import annotations

import os
import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

OPTION_GROUPS = {
    "Workers": ("workers", "min_workers", "cpus_per_worker", "gpus_per_worker", "max_concurrent"),
    "Speed and memory": (
        *("loader_workers", "clip_cache", "device_augmentation", "micro_batch", "evaluation_batch"),
        *("compile_network", "cuda_graphs", "channels_last"),
    ),
    "Checkpoints and weights": ("checkpoint_every", "keep_every", "vggish_weights", "backbone_weights"),
    "Limits": ("max_gpu_hours", "max_hours", "max_trials", "hang_after", "retries"),
    "Messages": ("metrics_port", "metrics_host", "log_format", "notify", "verbose", "as_json"),
}
"""Options by heading; those that stand in none are listed first."""
WITHOUT_BOUND = re.compile(r"([\d.]+)<=x<=9{9}")
"""A range whose upper end is there to keep numbers sane, and tells a reader nothing."""
ARGUMENTS, OPTIONS = "Arguments", "Options"
HEADING = re.compile(r"^[^\s].*:$")
TERM = re.compile(r"^  (\S.*?)(?=  |$)")


class Command(TyperCommand):
    """A verb whose help has colours and groups."""

    def get_help(self, ctx: Any) -> str:
        """The help as it is printed; colours are left out where no terminal shows them."""
        return coloured(super().get_help(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes arguments, then options by group."""
        headings = {name: heading for heading, names in OPTION_GROUPS.items() for name in names}
        groups: dict[str, list[tuple[str, str]]] = {heading: [] for heading in (ARGUMENTS, OPTIONS, *OPTION_GROUPS)}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                words, meaning = record
                is_argument = parameter.param_type_name == "argument"
                groups[ARGUMENTS if is_argument else headings.get(parameter.name or "", OPTIONS)].append(
                    (words, readable_ranges(meaning))
                )
        for heading, records in groups.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


class Group(TyperGroup):
    """A group of verbs whose help has colours."""

    def get_help(self, ctx: Any) -> str:
        """The help as it is printed; colours are left out where no terminal shows them."""
        return coloured(super().get_help(ctx))


def readable_ranges(text: str) -> str:
    """A help text with ranges that have one end written as such."""
    return WITHOUT_BOUND.sub(r"at least \1", text)


def coloured(text: str) -> str:
    """Help with its headings and the words that are typed in colours."""
    if "NO_COLOR" in os.environ:
        return text
    in_section = False
    lines = []
    for line in text.splitlines():
        if HEADING.match(line):
            in_section = True
            lines.append(typer.style(line, bold=True))
        elif in_section:
            lines.append(TERM.sub(lambda term: "  " + typer.style(term[1], fg="cyan"), line))
        else:
            lines.append(line)
    return "\n".join(lines)
