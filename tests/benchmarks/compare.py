"""Our fast forms beside the plain ones: ratios and their spread in one run, kept as a record.

    .venv/bin/python tests/benchmarks/compare.py [NAME ...] [--device cuda] [--rounds 5] [--out FOLDER]

Fails with exit code 1 where a form is slower beside the plain one, in its best round, than in its worst one of the
newest record of that comparison on such a device in docs/benchmarks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from all_comparisons import COMPARISONS
from comparison import measure
from record import kept_results, new_record, record_name, regressions, result_of, write_record
from rich.console import Console
from rich.progress import track
from rich.table import Table


def main() -> None:
    """Prints a table and writes a record."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0], epilog=f"Names: {', '.join(COMPARISONS)}; without any, all."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to compare")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--rounds", type=int, default=5, help="of which each gives a ratio")
    parser.add_argument("--out", type=Path, help="folder for the record; without it nothing is written")
    words = parser.parse_args()
    if unknown := set(words.names) - COMPARISONS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))} (known are {', '.join(COMPARISONS)})")
    torch.set_num_threads(1)
    kept = kept_results(words.device)
    record = new_record(words.device, words.rounds)
    console = Console()
    here = [name for name, comparison in COMPARISONS.items() if record["device"] in comparison.devices]
    for name in track(words.names or here, "comparing", console=Console(stderr=True)):
        comparison = COMPARISONS[name]
        record["comparisons"][name] = result_of(comparison, measure(comparison, words.device, words.rounds))
        console.print(_table(record["comparisons"][name]))
    if words.out is not None:
        path = words.out / record_name(record, words.names or ["all"])
        write_record(record, path)
        print(f"written to {path}")
    slower = list(regressions(kept, record["comparisons"]))
    among = len(kept.keys() & record["comparisons"].keys())
    print("\n".join(slower) or f"nothing is slower than it was, of the {among} that docs/benchmarks has records of")
    sys.exit(bool(slower))


def _table(result: Mapping[str, object]) -> Table:
    table = Table("form", "seconds", "times faster", "spread", "MiB", title=str(result["title"]), title_justify="left")
    for row in _rows(result["forms"]):
        table.add_row(*row)
    return table


def _rows(forms: object) -> Iterator[tuple[str, ...]]:
    assert isinstance(forms, Mapping)
    for name, form in forms.items():
        low, high = form["spread"]
        yield (
            name,
            f"{form['seconds']:.4g}",
            f"{form['times_faster']:.2f}",
            f"{low:.2f}–{high:.2f}",
            f"{form['peak_mib']}",
        )


if __name__ == "__main__":
    main()
