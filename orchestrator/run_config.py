"""How trials are run: the options of `combo run` that reach the sweep, defined once and passed whole to each trial."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from experiments.search_schema import Search
from model.config import RECORDING, CompileMode

MOST = 10**9 - 1
"""Largest number that an option takes, so that it can be divided, waited for and counted up to."""


@dataclass(frozen=True)
class RunConfig:
    """Resources, limits and operation of a run; no part of any trial's identity.

    The fields are also the options of `combo run`, `combo retry` and `combo submit`, see
    `orchestrator.cli.dataclass_options`.
    """

    workers: Annotated[
        int | None,
        typer.Option(min=1, max=MOST, help="Data-parallel workers per trial.  [default: as the experiment says]"),
    ] = None
    min_workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST, help="Start a trial with fewer workers, down to this, where not all of them fit."
        ),
    ] = None
    cpus_per_worker: Annotated[float, typer.Option(min=0.1, max=MOST, help="CPUs of each worker.")] = 1.0
    gpus_per_worker: Annotated[
        float | None,
        typer.Option(min=0.0, max=MOST, help="GPUs of each worker, such as 0.5.  [default: 1 if the cluster has any]"),
    ] = None
    loader_workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST,
            help="Processes that load data, per worker; 0 loads in the worker itself.  "
            "[default: up to 4 on a GPU, else 0]",
        ),
    ] = None
    clip_cache: Annotated[
        float,
        typer.Option(
            min=0,
            max=MOST,
            envvar="COMBO_CLIP_CACHE",
            metavar="GIB",
            help="Disk of each machine for decoded clips, which all its trials share; 0 keeps none.",
        ),
    ] = 0.0
    device_augmentation: Annotated[
        bool, typer.Option("--device-augmentation", help="Augment pictures on the GPU, to the same bits.")
    ] = False
    checkpoint_every: Annotated[int, typer.Option(min=1, max=MOST, help="Steps between checkpoints.")] = 1000
    keep_every: Annotated[
        int | None,
        typer.Option(min=1, max=MOST, help="Keep checkpoints at multiples of it, besides the newest and the best."),
    ] = None
    micro_batch: Annotated[
        int | None,
        typer.Option(
            min=1, max=MOST, help="Clips per forward pass; saves memory, changes no result.  [default: all of a worker]"
        ),
    ] = None
    evaluation_batch: Annotated[
        int,
        typer.Option(
            min=1, max=MOST, help="Clips per forward pass of validation and test; scores agree up to rounding."
        ),
    ] = 1
    compile_network: Annotated[
        bool, typer.Option("--compile", help="Compile the network that trains, and batched losses, with torch.compile.")
    ] = False
    cuda_graphs: Annotated[
        bool,
        typer.Option("--cuda-graphs", help="Compile so, and record CUDA graphs of the network; one worker on a GPU."),
    ] = False
    channels_last: Annotated[bool, typer.Option("--channels-last", help="Pictures with channels last in memory.")] = (
        False
    )
    vggish_weights: Annotated[Path | None, typer.Option(help="AudioSet weights of the frozen VGGish.")] = None
    backbone_weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[BACKBONE=]FILE",
            help="ImageNet weights of a backbone, such as pvt_v2_b5.in1k=FILE, or of the only one; may be repeated.  "
            "[default: from timm's cache]",
        ),
    ] = None
    hang_after: Annotated[
        float,
        typer.Option(
            min=1, max=MOST, help="Seconds without a step or a validation after which a trial is started again."
        ),
    ] = 1800.0
    retries: Annotated[
        int,
        typer.Option(
            min=0, max=MOST, help="More attempts for a trial whose process dies or hangs; lost machines do not count."
        ),
    ] = 3
    max_concurrent: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="Trials that run at once.  [default: as many as fit]")
    ] = None
    max_gpu_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=MOST,
            help="Stop at so many GPU-hours of all attempts, earlier ones too; worker-hours without GPUs.",
        ),
    ] = None
    max_hours: Annotated[float | None, typer.Option(min=0, max=MOST, help="Stop after so many hours.")] = None
    max_trials: Annotated[int | None, typer.Option(min=1, max=MOST, help="Start no more trials than that.")] = None

    @property
    def compilation(self) -> CompileMode | None:
        """In which mode networks are compiled; None where they are not."""
        return RECORDING if self.cuda_graphs else "default" if self.compile_network else None

    def within(self, search: Search) -> RunConfig:
        """The same, with the limits of a search file where the command line sets none."""
        stated = search.budget
        return replace(
            self,
            max_concurrent=self.max_concurrent or search.concurrent,
            max_hours=stated.hours if self.max_hours is None else self.max_hours,
            max_gpu_hours=stated.gpu_hours if self.max_gpu_hours is None else self.max_gpu_hours,
        )
