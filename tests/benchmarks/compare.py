"""Our fast forms beside the plain ones: ratios and their spread in one run, kept as a record.

    .venv/bin/python tests/benchmarks/compare.py [NAME ...] [--device cuda] [--rounds 5] [--out FOLDER]

Fails with exit code 1 where a form is slower beside the plain one than in the newest record of such a device that is
kept in docs/benchmarks, in its best round than it was in its worst.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from all_comparisons import COMPARISONS
from comparison import measure
from record import KEPT, new_record, newest_kept, record_name, regressions, result_of, write_record
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
    kept = newest_kept(words.device)
    record = new_record(words.device, words.rounds)
    console = Console()
    here = [name for name, comparison in COMPARISONS.items() if record["device"] in comparison.devices]
    for name in track(words.names or here, "comparing", console=Console(stderr=True)):
        comparison = COMPARISONS[name]
        record["comparisons"][name] = result_of(comparison, measure(comparison, words.device, words.rounds))
        console.print(_table(record["comparisons"][name]))
    if words.out is not None:
        write_record(record, words.out / record_name(record))
        print(f"written to {words.out / record_name(record)}")
    if kept is not None:
        slower = list(regressions(kept[1], record))
        print("\n".join(slower) or f"nothing is slower than in {kept[0].relative_to(KEPT.parents[1])}")
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
