"""Files of weights that trials start from: VGGish's, and ImageNet's of every backbone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.errors import InputError, Problem, did_you_mean
from experiments.trial import Trial
from model.config import TrialConfig


@dataclass(frozen=True)
class WeightFiles:
    """Which files serve the trials of a sweep. Paths are absolute, as Ray runs trials in folders of their own."""

    vggish: Path | None = None
    backbones: Mapping[str, Path] = field(default_factory=dict)
    """By timm name; backbones without a file are timm's business."""

    def vggish_of(self, config: TrialConfig) -> Path | None:
        """The file that a trial's frozen VGGish needs."""
        return self.vggish if config.needs_vggish else None

    def backbone_of(self, config: TrialConfig) -> Path | None:
        """The file with a trial's ImageNet weights."""
        name = config.imagenet_backbone
        return None if name is None else self.backbones.get(name)


def weight_files(vggish: Path | None, backbones: Sequence[str], trials: Iterable[Trial]) -> WeightFiles:
    """What the command line names, checked against what the trials need.

    Args:
        vggish: of `--vggish-weights`.
        backbones: of `--backbone-weights`: `NAME=FILE`, or `FILE` where the trials have one backbone only.
        trials: those that may run.

    Raises:
        InputError: a file is not there, or it is not clear what it is for; all problems at once.
    """
    configs = [trial.config for trial in trials]
    used = sorted({name for config in configs if (name := config.imagenet_backbone)})
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    for word in backbones:
        name, separator, file = word.rpartition("=")
        if not separator and len(used) > 1:
            remedy = f"say which, such as {used[0]}={file}"
            problems.append(Problem(f"--backbone-weights {word}", f"could be for {' or '.join(used)}", remedy))
        elif separator and name not in used:
            remedy = did_you_mean(name, used) if used else "leave it out"
            problems.append(Problem(f"--backbone-weights {word}", "is for no trial's backbone", remedy))
        else:
            files.update({backbone: Path(file).absolute() for backbone in ([name] if separator else used)})
    named = [*files.values(), *([vggish.absolute()] if vggish else [])]
    problems += [Problem(str(path), "is not there", "name a file of weights") for path in named if not path.is_file()]
    if vggish is None and (needing := [config for config in configs if config.needs_vggish]):
        trained = needing[0].TRAINED_AUDIO
        remedy = "pass --vggish-weights FILE" + (f", or set {trained}" if trained else "")
        where = trained.partition("=")[0] or "audio encoder"
        problems.append(Problem(where, "the frozen VGGish needs its AudioSet weights", remedy))
    if problems:
        raise InputError(*problems)
    return WeightFiles(vggish.absolute() if vggish else None, files)
