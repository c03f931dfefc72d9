"""A view of MLflow's list of runs: those of one sweep, with scores and the settings in which they differ as columns.

MLflow keeps views that people share as tags of the experiment; a link names the view by its key.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from orchestrator.tracking.own_runs import STORAGE_ID_TAG
from orchestrator.tracking.run_content import SWEEPS_TAG

if TYPE_CHECKING:
    from orchestrator.tracking.sweep_summary import SweepSummary

VIEW_TAG = "mlflow.sharedViewState."
MOST_SETTINGS = 12
"""More columns than this nobody reads."""
WORKFLOW = "workflowType=machine_learning"
"""The pages of MLflow 3.17 open for generative models unless the address or the reader's last choice says otherwise;
they do not look at the experiment's kind, as those of earlier versions do."""
SCORES = ("metrics.`test/m_j_percent`", "metrics.`test/m_f_percent`")


def view_tag(summary: SweepSummary, storage_id: str) -> tuple[str, str]:
    """The experiment's tag that holds the view of a sweep: name and value.

    Args:
        summary: of the sweep.
        storage_id: of its storage; another storage on the same server may have a sweep of the same name.
    """
    ours = f"tags.`{SWEEPS_TAG}` LIKE '%{summary.sweep}%' AND tags.`{STORAGE_ID_TAG}` = '{storage_id}'"
    settings = [f"params.`{name}`" for name in list(summary.differing)[:MOST_SETTINGS]]
    state = {
        "searchFilter": ours,
        "orderByKey": SCORES[0],
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [*SCORES, *settings],
    }
    return VIEW_TAG + _key(summary.sweep, storage_id), json.dumps(state)


def runs_page(experiment_id: str, sweep: str, storage_id: str) -> str:
    """Address of the list of a sweep's runs, below the address of MLflow's pages."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={_key(sweep, storage_id)}&{WORKFLOW}"


def experiment_page(experiment_id: str) -> str:
    """Address of the list of an experiment's runs, below the address of MLflow's pages."""
    return f"#/experiments/{experiment_id}/runs?{WORKFLOW}"


def run_page(experiment_id: str, run_id: str) -> str:
    """Address of a run's page, below the address of MLflow's pages."""
    return f"#/experiments/{experiment_id}/runs/{run_id}?{WORKFLOW}"


def _key(sweep: str, storage_id: str) -> str:
    """Names the view in addresses."""
    return hashlib.sha256(f"{storage_id} {sweep}".encode()).hexdigest()[:32]
