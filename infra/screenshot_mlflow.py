"""A picture of MLflow's runs, those of the newest sweep unfolded: `screenshot_mlflow.py PROFILE EXPERIMENT PICTURE`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from mlflow import MlflowClient
from playwright.sync_api import sync_playwright

from orchestrator.profiles.profile import read_profile
from orchestrator.profiles.surroundings import apply

SIZE = {"width": 1300, "height": 560}
SECONDS = 240
"""The first look at a server that has just been started takes long."""


def main() -> None:
    """Takes the picture."""
    profile, name, picture = sys.argv[1:]
    apply(read_profile(Path(profile)), Path(profile), os.environ)
    server = os.environ["MLFLOW_TRACKING_URI"]
    experiment = MlflowClient(server).get_experiment_by_name(name)
    assert experiment is not None, f"MLflow has no experiment {name}"
    who = {"username": os.environ["MLFLOW_TRACKING_USERNAME"], "password": os.environ["MLFLOW_TRACKING_PASSWORD"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_context(viewport=SIZE, http_credentials=who).new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.goto(f"{server}/#/experiments/{experiment.experiment_id}/runs")
        rows = page.locator('[role="gridcell"][col-id="attributes.`Run Name`"]')
        rows.get_by_role("button").first.click()
        rows.nth(1).wait_for()
        page.get_by_text("Model training", exact=True).click()
        page.wait_for_timeout(3000)  # rows come one after the other
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
