"""Takes the pictures of the documents, after `make demo`: `infra/pictures/take_pictures.py .demo [PICTURE...]`.

Without names it takes all of them, which takes minutes: the live view is that of a short sweep that runs for it. Needs
Chromium, and for the LaTeX table pdflatex, Latin Modern and pdftoppm (Debian: texlive-latex-recommended, lmodern and
poppler-utils).
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser_pages import MLFLOW_SECONDS, mlflow_picture, report_pictures
from latex import latex_picture
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from terminal import live_view, picture

LAB = Path(__file__).parents[2]
IMAGES = LAB / "docs" / "images"
COMBO = str(Path(sys.executable).with_name("combo"))
EXPERIMENT, TABLE, CELL = "combo/table7", "combo-table7", "lambda-5/s4/m_j"
SWEEP = (EXPERIMENT, "--scale", "demo")
SHORT = ("training.iterations=40", "training.evaluate_every=10")
COLORS = 256
PICTURES = ("live-view", "report", "mlflow-runs", "latex-table")


def main() -> None:
    """Takes those that are named."""
    demo, names = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(PICTURES)
    if unknown := set(names) - set(PICTURES):
        sys.exit(f"no picture is called {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
    places = ("--data", str(demo / "data"), "--storage", str(demo / "storage"))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        taken, report = Path(folder) / "taken", Path(folder) / "report"
        taken.mkdir()
        if {"report", "latex-table"} & set(names):
            subprocess.run([COMBO, "report", "build", *SWEEP, *places, "--out", report], check=True)
        if "report" in names:
            report_pictures(report, TABLE, CELL, browser, taken)
        if "latex-table" in names:
            latex_picture(EXPERIMENT, report / "tables" / f"{TABLE}_cvpr.tex", taken / "latex-table.png")
        if "mlflow-runs" in names:
            with _mlflow(demo / "storage") as address:
                mlflow_picture(address, browser, taken / "mlflow-runs.png")
        if "live-view" in names:
            _take_live_view(demo / "data", browser, taken / "live-view.png")
        browser.close()
        for path in sorted(taken.iterdir()):
            Image.open(path).convert("RGB").quantize(COLORS).save(IMAGES / path.name, optimize=True)
            print(f"{path.name}: {(IMAGES / path.name).stat().st_size / 1000:.0f} kB")


def _take_live_view(data: Path, browser: Browser, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = [COMBO, "run", *SWEEP, *SHORT, "--data", str(data), "--storage", "storage"]
        picture(f"combo run {' '.join((*SWEEP, *SHORT))}", live_view(run, Path(folder)), browser, path)


@contextmanager
def _mlflow(storage: Path) -> Iterator[str]:
    """Serves MLflow's pages: the address of the paper's runs, as the command prints it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [COMBO, "mlflow", "--storage", str(storage), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            printed = (re.match(r"combo: (http\S+)", line) for line in server.stdout)
            address = next(found[1] for found in printed if found)
            _wait_for(port)
            yield address
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + MLFLOW_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end, f"MLflow did not start within {MLFLOW_SECONDS} s"
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    main()
