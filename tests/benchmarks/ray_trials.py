"""A thousand trials that train nothing, on a real Ray of two CPUs: what each costs, and whether that grows.

    .venv/bin/python tests/benchmarks/ray_trials.py
    .venv/bin/python tests/benchmarks/ray_trials.py --trials 200 --bare

With `--bare` the same number of bare Tune trials runs on the same Ray first, for comparison. What was computed is what
counts where other work keeps the machine busy, as time passes for others too then.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

from overhead import Arena, Taken, prepare_ray
from rich.console import Console
from rich.table import Table
from usage import Usage

from orchestrator.sweep.cluster import running_ray

PARTS = 10


def main() -> None:
    """Prints costs for each tenth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--bare", action="store_true", help="bare Tune trials before")
    words = parser.parse_args()
    prepare_ray()
    ray = running_ray(None, verbose=False, with_groups=False)
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as folder, ray:
        arena = Arena(Path(folder))
        kinds = {"bare Tune": arena.bare} if words.bare else {}
        for name, run in {**kinds, "ours": arena.ours}.items():
            with Usage() as usage:
                taken = run(words.trials, 1)
            Console().print(tenths(name, taken, usage))


def tenths(name: str, taken: Taken, usage: Usage) -> Table:
    """What a trial costs in each tenth of them, from one end of a trial to the next."""
    ends = sorted(taken.ends)
    edges = [ends[len(ends) * part // PARTS] for part in range(PARTS)] + ends[-1:]
    table = Table("tenth", "ms", "computed by the driver, ms", "by Ray and trials, ms", "driver, MB")
    table.title = f"{len(ends)} empty trials on two CPUs, {name}: per trial"
    begun = usage.samples[0].megabytes
    table.caption = f"{taken.seconds:.0f} s; the driver had {begun:.0f} MB before"
    for number, (first, last) in enumerate(pairwise(edges), start=1):
        before, after, count = usage.after(first), usage.after(last), len(ends) / PARTS
        spent = (last - first, after.driver - before.driver, after.ray - before.ray)
        table.add_row(str(number), *(f"{1000 * one / count:.0f}" for one in spent), f"{after.megabytes:.0f}")
    return table


if __name__ == "__main__":
    main()
