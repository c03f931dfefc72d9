"""The data set of a trial in MLflow's terms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator.tracking.run_content import RunContent

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput


def dataset_input(content: RunContent) -> DatasetInput | None:
    """AVSBench's subset with the fingerprint of its content; None for a trial that was never bound to data."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    config = content.trial.config
    data = config.data
    if not data.fingerprint:
        return None
    profile = {f"{split}_clips": clips for split, clips in (content.sweeps[0].clips if content.sweeps else {}).items()}
    dataset = Dataset(
        name=f"AVSBench {data.task.upper()}",
        digest=data.fingerprint,
        source_type="combo",
        source=json.dumps({"task": data.task, "size": data.size, "maskige": config.proposer}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
