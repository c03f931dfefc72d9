"""A training step of COMBO in the authors' shape, as here, and with each optimisation off in turn.

The step is all of it but the loader: forward, matching, losses, backward, clipping, update. The authors' shape is their
code's: fp32, one match, one copy to the host and one assignment per frame and prediction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from comparison import Comparison, Form
from synthetic_clips import synthetic_clips

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "model"), str(ROOT / "tests" / "training")]

from literal_losses import literal_losses  # noqa: E402
from preset_steps import RANDOM, SYNTHETIC  # noqa: E402

from experiments.presets import resolve_preset  # noqa: E402
from model.combo.config import ComboConfig  # noqa: E402
from model.combo.objective import ComboObjective, annotated_positions  # noqa: E402
from model.combo.points import KeyedPoints  # noqa: E402
from model.config import CompileMode, Task, TrialConfig  # noqa: E402
from model.data.avsbench import AVSBench  # noqa: E402
from model.data.batch import Batch  # noqa: E402
from model.data.loading import training_batches  # noqa: E402
from model.interface import Network, model_of  # noqa: E402
from model.numerics import FAST_1, VERSIONS, Numerics, numerics_of  # noqa: E402
from model.training.acceleration import order_channels_last  # noqa: E402
from model.training.audio_embeddings import audio_embedder  # noqa: E402
from model.training.gradients import BatchGradients  # noqa: E402
from model.training.optim import build_optimizer  # noqa: E402
from model.training.stepper import StartedStep, Stepper  # noqa: E402
from model.training.stopping import never  # noqa: E402
from model.training.workers import Workers  # noqa: E402

SIZE, SMALL = 224, 96
"""Pixels of a side: of the released models, and for a processor."""
FEWEST = 10
"""Clips of which each split gets one."""
UNTIL_RECORDED = 3
"""Steps until a network is compiled and its CUDA graphs are recorded."""
AUTHORS, PLAIN, FAST = "authors' shape", "plain", "all on"
FASTEST = {
    "training.numerics": "fast_1",
    "model.pixel_decoder.sampling": "fastest",
    "loss.arithmetic": "batched",
}


class LiteralObjective(ComboObjective):
    """The losses frame by frame and prediction by prediction."""

    def __init__(self, config: ComboConfig) -> None:
        super().__init__(config)
        self._config = config

    def supervise(self, batch: Batch, step: int) -> Any:
        """Nothing is known of the labels before the losses are asked for."""
        return batch, step

    def counts(self, parts: Any) -> list[float]:
        """`literal_losses` counts by itself."""
        return [0.0 for _ in parts]

    def losses(self, outputs: Any, supervision: Any, counts: Any) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """See `literal_losses`."""
        batch, step = supervision
        config, lengths = self._config, batch.clip_lengths.tolist()
        points = KeyedPoints(config.seed, step, annotated_positions(batch), batch.frames.device)
        annotated = batch.annotated.to(batch.frames.device)
        return literal_losses(
            outputs, batch.labels, annotated, lengths, points, config.loss, config.truths, config.classes
        )


@dataclass(frozen=True)
class Way:
    """How steps are made.

    Attributes:
        settings: laid over the preset's.
        numerics: what `fast_1` stands for meanwhile.
        is_literal: whether matching and losses go frame by frame.
        mode: of `torch.compile`; None compiles nothing.
    """

    settings: Mapping[str, str]
    numerics: Numerics = FAST_1
    is_literal: bool = False
    mode: CompileMode | None = None

    @contextmanager
    def defined(self) -> Iterator[None]:
        """While `fast_1` is what this way makes of it."""
        with patch.dict(VERSIONS, fast_1=self.numerics):
            yield


def ways(device: str, precision: str) -> dict[str, Way]:
    """The authors', ours, and ours without each optimisation that has an effect on this device in this precision."""
    chosen = {
        AUTHORS: Way({"training.precision": "fp32"}, is_literal=True),
        PLAIN: Way({}),
        FAST: Way(FASTEST),
    }
    idle = set() if device.startswith("cuda") and precision == "fp32" else {"tf32"}
    if precision == "fp32":
        idle.add("half_pixel_decoder")
    for name in vars(FAST_1).keys() - idle:
        chosen[f"without {name}"] = Way(FASTEST, replace(FAST_1, **{name: False}))
    for setting in FASTEST.keys() - {"training.numerics"}:
        chosen[f"without {setting}"] = Way({name: value for name, value in FASTEST.items() if name != setting})
    return dict(sorted(chosen.items(), key=lambda item: item[0].startswith("without")))


@dataclass(frozen=True)
class Case:
    """Which steps are made."""

    preset: str
    task: Task
    precision: str
    clips: int
    size: int = SIZE

    def config(self, way: Way) -> TrialConfig:
        """The trial of one way."""
        stated = {"training.precision": self.precision, "training.batch": self.clips, "data.size": self.size}
        return resolve_preset(self.preset, self.task, {**RANDOM, **SYNTHETIC, **stated, **way.settings})

    def data(self) -> AVSBench:
        """Synthetic clips for training, at least a batch of them."""
        root = synthetic_clips(self.task, max(FEWEST, 2 * self.clips), self.size)
        return AVSBench.configured(self.config(Way({})), root, "train")

    @cache  # noqa: B019 - cases are few, and constants
    def batch(self) -> Batch:
        """The first batch of a trial."""
        config, data = self.config(Way({})), self.data()
        return next(iter(training_batches(data, config, 0, 1, 0, workers=0)))

    def network(self, way: Way, place: torch.device) -> Network:
        """A network with the first weights of the trial."""
        config = self.config(way)
        torch.manual_seed(config.seed)
        with way.defined():
            return model_of(config).build(config).to(place)

    def steps(self, way: Way, batch: Batch, device: str) -> Callable[[], StartedStep]:
        """Starts a step at each call, with a network of its own.

        One that is compiled has made `UNTIL_RECORDED` steps already.
        """
        config, place = self.config(way), torch.device(device)
        model = self.network(way, place)
        with way.defined():
            numerics = numerics_of(config)
            optimizer = build_optimizer(model, config.optim, fused=numerics.fused_optimizer)
            if numerics.channels_last:
                order_channels_last(model, optimizer)
        scaler = torch.amp.GradScaler(place.type, enabled=config.training.precision == "fp16")
        gradients = BatchGradients(config, model, Workers(), place, None, way.mode)
        if way.is_literal:
            assert isinstance(config, ComboConfig)
            gradients.objective = LiteralObjective(config)
        stepper = Stepper(config, gradients, optimizer, scaler, Workers(), never)
        given = audio_embedder(model, None)(batch).to(place)
        numbers = iter(range(10**9))

        def step() -> StartedStep:
            with way.defined():
                return stepper.step(next(numbers), given)

        for _ in range(UNTIL_RECORDED if way.mode else 0):
            step().finished()
        return step


def compiled_ways(device: str) -> dict[str, Way]:
    """The fastest, by itself and compiled; CUDA graphs are for a GPU."""
    modes: dict[str, CompileMode] = {"compiled": "default"}
    if device.startswith("cuda"):
        modes["compiled, CUDA graphs"] = "reduce-overhead"
    return {FAST: Way(FASTEST), **{name: Way(FASTEST, mode=mode) for name, mode in modes.items()}}


def forms(case: Case, names: tuple[str, ...], device: str) -> Mapping[str, Form]:
    """Each way of a case, or those that are named; a network is built when its way is first gone."""
    return _forms(case, {n: way for n, way in ways(device, case.precision).items() if not names or n in names}, device)


def compiled_forms(case: Case, device: str) -> Mapping[str, Form]:
    """The same of `compiled_ways`."""
    return _forms(case, compiled_ways(device), device)


def _forms(case: Case, chosen: Mapping[str, Way], device: str) -> Mapping[str, Form]:
    batch = case.batch()
    stepping = {name: cache(partial(case.steps, way, batch, device)) for name, way in chosen.items()}
    return {name: partial(_step, made) for name, made in stepping.items()}


def _step(made: Callable[[], Callable[[], StartedStep]]) -> None:
    made()().finished()


def comparison(case: Case, *names: str) -> Comparison:
    """The ways of a case beside each other.

    Args:
        case: which steps; one clip is for a processor, more are for a GPU.
        names: of the ways; none for all of them.
    """
    backbone, on_cpu = case.preset.removeprefix("combo_"), case.clips == 1
    shape = f"{case.clips} clip{'s' if case.clips > 1 else ''} of {case.task.upper()} at {case.size} pixels"
    return Comparison(
        f"step-{backbone}-{case.task}-{case.precision}{'-small' if on_cpu else ''}",
        f"a step of {case.preset} in {case.precision}, {shape}",
        partial(forms, case, names),
        devices=("cpu",) if on_cpu else ("cuda",),
        one_at_a_time=on_cpu,
    )


COMPARISONS = [
    *(comparison(Case("combo_r50", "s4", precision, 1, SMALL)) for precision in ("fp32", "bf16")),
    comparison(Case("combo_demo", "s4", "bf16", 1, SMALL)),
    *(comparison(Case("combo_r50", "s4", precision, 8)) for precision in ("fp32", "bf16")),
    *(
        comparison(Case(preset, task, "bf16", 8), AUTHORS, PLAIN, FAST)
        for preset, task in (("combo_r50", "avss"), ("combo_pvt", "s4"), ("combo_pvt", "avss"))
    ),
    Comparison(
        "step-compiled-r50-s4-bf16",
        f"a step of combo_r50 in bf16, 8 clips of S4 at {SIZE} pixels, compiled",
        partial(compiled_forms, Case("combo_r50", "s4", "bf16", 8)),
        devices=("cuda",),
    ),
    Comparison(
        "step-compiled-demo-s4-fp32-small",
        f"a step of combo_demo in fp32, 1 clip of S4 at {SMALL} pixels, compiled",
        partial(compiled_forms, Case("combo_demo", "s4", "fp32", 1, SMALL)),
        devices=("cpu",),
        one_at_a_time=True,
    ),
]
