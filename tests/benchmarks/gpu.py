"""What a GPU shows, in one command of at most eight minutes that needs no network, Ray or MLflow; see `make gpu`.

    PYTHONPATH=. python3 tests/benchmarks/gpu.py [--minutes 8] [--out docs/benchmarks]

Tests for GPUs, the first step beside the CPU's in each precision, steps in the authors' shape beside ours with each
optimisation off in turn, and all other comparisons. What there was no time for is named; what fails is named too, and
all else goes on. It needs PyTorch, timm, scipy, safetensors, pyarrow, pillow, opencv-python-headless, pydantic and
ruamel.yaml; pytest for the tests.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from needed import refuse_absent, warn_of_no_compiler

refuse_absent()

import torch  # noqa: E402
from all_comparisons import COMPARISONS  # noqa: E402
from comparison import measure  # noqa: E402
from first_step_parity import parity  # noqa: E402
from gpu_tests import PRESETS, run_tests  # noqa: E402
from limited_parts import Deadline, note_failure, work_through  # noqa: E402
from record import kept_results, new_record, record_name, regressions, result_of, write_record  # noqa: E402
from step_throughput import MFU, WAIT, throughput  # noqa: E402
from training_step import AUTHORS, FAST  # noqa: E402

TEST_SECONDS, PART_SECONDS = 120, 60
"""For the tests; and of a comparison, after which no other round of it begins."""
GOAL_CASE = "step-r50-s4-bf16"
ORDER = (GOAL_CASE, "sampling-", "losses-", "loader", "evaluation", "step-r50", "step-pvt", "step-compiled", "")
"""Comparisons by the beginnings of their names: what there are goals for, what takes seconds, what takes minutes."""
HEADINGS = ("ms", "times faster", "lowest", "highest", "GiB")
GOALS = {AUTHORS: 5.0, MFU: 0.35, WAIT: 0.05}
"""On an H100 or H200: at least as many times as fast as the authors' shape, at least the share of operations, at most
the share of waiting."""


def main() -> None:
    """Prints all results and writes a record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--device", default="cuda", help="cpu only shows that the script works")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=5, help="of which each gives a ratio")
    parser.add_argument("--names", nargs="+", choices=COMPARISONS, metavar="NAME", help="what to compare; else all")
    parser.add_argument("--out", type=Path, help="folder for the record; without it nothing is written")
    words = parser.parse_args()
    if words.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here: nvidia-smi tells whether there is one; --device cpu tries the script")
    warn_of_no_compiler()
    deadline, record = Deadline(words.minutes), new_record(words.device, words.rounds)
    kept = kept_results(words.device)
    _note_sampling(record)
    names = words.names or [name for name, one in COMPARISONS.items() if record["device"] in one.devices]
    parts: dict[str, Callable[[], object]] = {
        "tests": lambda: run_tests(record, f"not {PRESETS}", min(TEST_SECONDS, deadline.seconds)),
        "parity": partial(_parity, record, words.device),
        "throughput": partial(_throughput, record, words.device),
        **{name: partial(_compare, record, name, words.device, deadline) for name in sorted(names, key=_place)},
        "tests of the released presets": lambda: run_tests(record, PRESETS, deadline.seconds),
    }
    work_through(parts, record, deadline, partial(_keep, record, words.out))
    if record["device"] == "cuda":
        print(*_goals(record), sep="\n")
    if words.out is not None:
        print(f"written to {words.out / record_name(record, ['gpu'])}")
    problems = [f"failed: {what}: {reason}" for what, reason in record["failed"].items()]
    problems += regressions(kept, record["comparisons"])
    if record["left_out"]:
        print(f"no time for: {', '.join(record['left_out'])}")
    print("\n".join(problems))
    sys.exit(bool(problems))


def _place(name: str) -> int:
    return next(place for place, beginning in enumerate(ORDER) if name.startswith(beginning))


def _keep(record: dict[str, Any], folder: Path | None) -> None:
    if folder is not None:
        write_record(record, folder / record_name(record, ["gpu"]))


def _note_sampling(record: dict[str, Any]) -> None:
    """Which form of deformable sampling was chosen for which shapes, and what the others took."""
    chosen = record.setdefault("sampling", [])
    handler = logging.Handler()
    handler.emit = lambda line: chosen.append(line.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("model.layers.deformable.choice")
    log.setLevel(logging.INFO)
    log.addHandler(handler)


def _parity(record: dict[str, Any], device: str) -> None:
    found = record.setdefault("parity", {})
    for name, one in parity(device):
        found[name] = one
        print(f"first step, {name}: loss {one['loss']:.5f}, beside the CPU's in fp32 {one['relative']:+.2e}")
        if not abs(one["relative"]) <= one["allowed"]:
            record["failed"][f"parity, {name}"] = f"{one['relative']:+.2e}, at most {one['allowed']} was expected"


def _compare(record: dict[str, Any], name: str, device: str, deadline: Deadline) -> None:
    def leave_out(form: str, error: Exception) -> None:
        note_failure(record, f"{name}, {form}", error)

    measured = measure(COMPARISONS[name], device, record["rounds"], min(deadline.seconds, PART_SECONDS), leave_out)
    record["comparisons"][name] = result_of(COMPARISONS[name], measured)
    print(COMPARISONS[name].title, f"{'':44}" + "".join(f"{heading:>14}" for heading in HEADINGS), sep="\n")
    for form, figures in record["comparisons"][name]["forms"].items():
        low, high = figures["spread"]
        gib = figures["peak_mib"] / 1024
        print(f"  {form:42}{1000 * figures['seconds']:14.1f}{figures['times_faster']:14.2f}", end="")
        print(f"{low:14.2f}{high:14.2f}{gib:14.2f}")


def _throughput(record: dict[str, Any], device: str) -> None:
    found = record.setdefault("throughput", {})
    for name, value in throughput(device):
        found[name] = value
        print(f"{name:58}{value:14.4g}")


def _goals(record: dict[str, Any]) -> list[str]:
    """Each goal beside what was found; nothing where it was not measured."""
    forms = record["comparisons"].get(GOAL_CASE, {}).get("forms", {})
    found = {AUTHORS: forms[FAST]["times_faster"] if FAST in forms else None, **record.get("throughput", {})}
    bounds = {AUTHORS: "at least", MFU: "at least", WAIT: "at most"}
    meant = {AUTHORS: "times as fast as the authors' shape"}
    return [
        f"goal on an H100 or H200: {meant.get(name, name)} {bounds[name]} {goal:g}; found {found[name]:.3g}"
        for name, goal in GOALS.items()
        if found.get(name) is not None
    ]


if __name__ == "__main__":
    main()
