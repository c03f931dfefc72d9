"""What `combo model predict` says of some eighty media files that are out of the ordinary in one way each.

    .venv/bin/python tests/benchmarks/odd_media.py --out docs/reference/odd-media.md

Makes the files in a temporary folder, runs the command on each, with a tiny model that has learned nothing, and writes
what it said as a page.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "prediction")]

from odd_media_files import Odd, odd_files  # noqa: E402
from predict_command import run_combo  # noqa: E402
from rich.progress import track  # noqa: E402
from seeded_model import save_seeded  # noqa: E402

from model.prediction.predict import DESCRIPTION_FILE  # noqa: E402

OF_THE_MODEL = "the model was trained with Maskiges by"
"""Begins what is said whenever another proposer is used than in training."""
HEAD = """# Odd media files

What [`combo model predict`](../guides/prediction.md) makes of {count} files that are out of the ordinary in one way
each: {done} are segmented, {refused} refused. Videos last 3 seconds where nothing else is said.
`python tests/benchmarks/odd_media.py --out docs/reference/odd-media.md` makes the files, runs the command on each, and
writes this page.

| file | what it is | outcome | what the terminal says |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    odd: Odd
    code: int
    masks: int
    said: list[str]


def outcome_of(odd: Odd, model: Path, out: Path) -> Outcome:
    """Runs the command in the current folder, where the file is made."""
    odd.make(Path(odd.name))
    words = ("model", "predict", odd.name, *odd.words, "--checkpoint", model, "--out", out, "--device", "cpu")
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = run_combo(*words)
    if code:
        return Outcome(odd, code, 0, stderr.getvalue().splitlines())
    described = json.loads((out / DESCRIPTION_FILE).read_text())
    # Between the table of the seconds, which ends with an empty line, and three lines of what was written.
    lines = [line.strip() for line in stdout.getvalue().splitlines()[:-3]]
    remarks = lines[len(lines) - lines[::-1].index("") :]
    assert all(remark in remarks for remark in described["remarks"]), stdout.getvalue()
    return Outcome(odd, code, len(described["seconds"]), [one for one in remarks if not one.startswith(OF_THE_MODEL)])


def page(outcomes: list[Outcome]) -> str:
    """All of it as Markdown."""
    done = sum(one.code == 0 for one in outcomes)
    return HEAD.format(count=len(outcomes), done=done, refused=len(outcomes) - done) + "".join(map(_row, outcomes))


def _row(one: Outcome) -> str:
    name = _code(" ".join([one.odd.name, *one.odd.words]))
    masks = f"{one.masks} {'mask' if one.masks == 1 else 'masks'}"
    came = masks if one.code == 0 else f"refused, exit code {one.code}"
    said = "<br>".join(map(_plain, one.said)) or "nothing"
    return f"| {name} | {one.odd.what} | {came} | {said} |\n"


def _code(text: str) -> str:
    shown = os.fsencode(text).decode(errors="backslashreplace").replace("\n", "\\n")
    return f"`{shown}`"


def _plain(text: str) -> str:
    for special in "\\`|<>*_[]":
        text = text.replace(special, f"\\{special}")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    out = parser.parse_args().out.absolute()
    os.environ["COLUMNS"] = "10000"
    with tempfile.TemporaryDirectory() as folder:
        model = save_seeded(Path(folder, "model"), "s4")
        media = Path(folder, "media")
        media.mkdir()
        with chdir(media):
            files = list(enumerate(odd_files()))
            outcomes = [outcome_of(odd, model, Path(folder, f"out{index}")) for index, odd in track(files)]
    out.write_text(page(outcomes))


if __name__ == "__main__":
    main()
