"""Options that every verb which trains trials shares, and what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.arguments import MOST

WorkersOption = Annotated[
    int | None,
    typer.Option(min=1, max=MOST, help="Data-parallel workers per trial.  [default: as the experiment says]"),
]
LeastWorkersOption = Annotated[
    int | None,
    typer.Option(
        "--min-workers",
        min=1,
        max=MOST,
        help="Start a trial with fewer workers, down to this, where not all of them fit.",
    ),
]
CpusOption = Annotated[float, typer.Option(min=0.1, max=MOST, help="CPUs of each worker.")]
GpusOption = Annotated[
    float | None,
    typer.Option(min=0.0, max=MOST, help="GPUs of each worker, such as 0.5.  [default: 1 if the cluster has any]"),
]
LoaderOption = Annotated[int, typer.Option(min=0, max=MOST, help="Processes that load data, per worker.")]
CheckpointOption = Annotated[int, typer.Option(min=1, max=MOST, help="Steps between checkpoints.")]
KeepOption = Annotated[
    int | None,
    typer.Option(min=1, max=MOST, help="Keep checkpoints at multiples of it, besides the newest and the best."),
]
MicroBatchOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST, help="Clips per forward pass; saves memory, changes no result.  [default: all of a worker]"
    ),
]
CompileOption = Annotated[bool, typer.Option("--compile", help="Compile the network first.")]
ChannelsLastOption = Annotated[bool, typer.Option("--channels-last", help="Pictures with channels last in memory.")]
VGGishOption = Annotated[Path | None, typer.Option(help="AudioSet weights of the frozen VGGish.")]
BackboneOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[BACKBONE=]FILE",
        help="ImageNet weights of a backbone, such as pvt_v2_b5.in1k=FILE, or of the only one; may be repeated.  "
        "[default: from timm's cache]",
    ),
]
RerunOption = Annotated[
    bool,
    typer.Option(
        "--rerun", help="Train all of these trials anew; what they have so far is kept below earlier/ in their folders."
    ),
]
HangOption = Annotated[
    float,
    typer.Option(min=1, max=MOST, help="Seconds without a step or a validation after which a trial is started anew."),
]
RetriesOption = Annotated[
    int,
    typer.Option(
        min=0, max=MOST, help="More attempts for a trial whose process dies or hangs; lost machines do not count."
    ),
]
MostAtOnceOption = Annotated[
    int | None, typer.Option(min=1, max=MOST, help="Trials that run at once.  [default: as many as fit]")
]
GpuHoursOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=MOST, help="Stop at so many GPU-hours of all attempts, earlier ones too; worker-hours without GPUs."
    ),
]
HoursOption = Annotated[float | None, typer.Option(min=0, max=MOST, help="Stop after so many hours.")]
TrialsOption = Annotated[int | None, typer.Option(min=1, max=MOST, help="Start no more trials than that.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show Ray's own messages.")]
