"""What a GPU shows, in one command of at most eight minutes that needs no network, Ray or MLflow; see `make gpu`.

    PYTHONPATH=. python3 tests/benchmarks/gpu.py [--minutes 8] [--out docs/benchmarks]

Tests for GPUs, the first step beside the CPU's in each precision, steps in the authors' shape beside ours with each
optimisation off in turn, and all other comparisons. What there was no time for is named; what fails is named too, and
all else goes on. It needs PyTorch, timm, scipy, safetensors, pyarrow, pillow, opencv-python-headless, pydantic and
ruamel.yaml; pytest for the tests.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from needed import refuse_absent

refuse_absent()

import torch  # noqa: E402
from all_comparisons import COMPARISONS  # noqa: E402
from comparison import measure  # noqa: E402
from first_step_parity import parity  # noqa: E402
from record import kept_results, new_record, record_name, regressions, result_of, write_record  # noqa: E402
from step_throughput import MFU, WAIT, throughput  # noqa: E402
from training_step import AUTHORS, FAST  # noqa: E402

ROOT = Path(__file__).parents[2]
TEST_SECONDS = 90
PRESETS = "test_released_preset"
LATER = ("fscore", "correlation", "tpavi")
"""Comparisons that say least about training."""
HEADINGS = ("ms", "times faster", "lowest", "highest", "GiB")
GOAL_CASE = "step-r50-s4-bf16"
GOALS = {AUTHORS: 5.0, MFU: 0.35, WAIT: 0.05}
"""On an H100 or H200: at least as many times as fast as the authors' shape, at least the share of operations, at most
the share of waiting."""


class Deadline:
    """The moment by which all must be done.

    Args:
        minutes: from now.
    """

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    @property
    def seconds(self) -> float:
        """That are left."""
        return self._end - time.monotonic()


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
    deadline, record = Deadline(words.minutes), new_record(words.device, words.rounds)
    kept = kept_results(words.device)
    record.update(left_out=[], failed={})
    names = words.names or [name for name, one in COMPARISONS.items() if record["device"] in one.devices]
    compare = {name: partial(_compare, record, name, words.device, deadline) for name in names}
    work: dict[str, Callable[[], object]] = {
        "tests": partial(_tests, record, deadline, f"not {PRESETS}"),
        "parity": partial(_parity, record, words.device),
        "throughput": partial(_throughput, record, words.device),
        **{name: action for name, action in compare.items() if name not in LATER},
        **{name: action for name, action in compare.items() if name in LATER},
        "tests of the released presets": partial(_tests, record, deadline, PRESETS),
    }
    for what, action in work.items():
        _attempt(record, what, action, deadline)
        if words.out is not None:
            write_record(record, words.out / record_name(record, ["gpu"]))
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


def _attempt(record: dict[str, Any], what: str, action: Callable[[], object], deadline: Deadline) -> None:
    """One part of the work; whatever is raised there, such as a lack of memory, ends that part only. So does time."""
    if deadline.seconds <= 0:
        record["left_out"].append(what)
        return
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _end_part)
    signal.setitimer(signal.ITIMER_REAL, deadline.seconds)
    try:
        action()
    except Exception as error:
        if deadline.seconds <= 0:
            record["left_out"].append(what)
        else:
            record["failed"][what] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            print(f"{what}: {record['failed'][what]}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    gc.collect()
    if record["device"] == "cuda":
        torch.cuda.empty_cache()
    print(f"  ({what}: {time.monotonic() - began:.0f} s)", flush=True)


def _end_part(_signal: int, _frame: object) -> None:
    raise TimeoutError


def _tests(record: dict[str, Any], deadline: Deadline, chosen: str) -> None:
    """The tests that are marked for a GPU; on a CPU they are skipped. Those of other folders would want Ray."""
    told = record.setdefault("tests", {})
    if importlib.util.find_spec("pytest") is None:
        told[chosen] = "pytest is not installed"
    else:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-k", chosen, "-p", "no:cacheprovider"]
        # No options of pyproject.toml, which want a plug-in, and no conftest.py but that of the folder.
        command += ["-o", "addopts=", "--confcutdir", "tests/training", "tests/training"]
        seconds = min(TEST_SECONDS, deadline.seconds)
        try:
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            told[chosen] = f"not done after {seconds:.0f} s"
        else:
            lines = (run.stdout.strip() or run.stderr.strip()).splitlines()
            told[chosen] = lines[-1] if lines else f"exit code {run.returncode}"
            if run.returncode != 0:
                print("\n".join(lines))
                record["failed"][f"tests, {chosen}"] = told[chosen]
    print(f"tests for GPUs, {chosen}: {told[chosen]}")


def _parity(record: dict[str, Any], device: str) -> None:
    record["parity"] = parity(device)
    for name, one in record["parity"].items():
        print(f"first step, {name}: loss {one['loss']:.5f}, beside the CPU's in fp32 {one['relative']:+.2e}")
        if not abs(one["relative"]) <= one["allowed"]:
            record["failed"][f"parity, {name}"] = f"{one['relative']:+.2e}, at most {one['allowed']} was expected"


def _compare(record: dict[str, Any], name: str, device: str, deadline: Deadline) -> None:
    measured = measure(COMPARISONS[name], device, record["rounds"], deadline.seconds)
    record["comparisons"][name] = result_of(COMPARISONS[name], measured)
    print(COMPARISONS[name].title, f"{'':44}" + "".join(f"{heading:>14}" for heading in HEADINGS), sep="\n")
    for form, figures in record["comparisons"][name]["forms"].items():
        low, high = figures["spread"]
        gib = figures["peak_mib"] / 1024
        print(f"  {form:42}{1000 * figures['seconds']:14.1f}{figures['times_faster']:14.2f}", end="")
        print(f"{low:14.2f}{high:14.2f}{gib:14.2f}")


def _throughput(record: dict[str, Any], device: str) -> None:
    record["throughput"] = dict(throughput(device))
    for name, value in record["throughput"].items():
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
