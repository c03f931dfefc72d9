"""MLflow as teams run it: a server on PostgreSQL whose artifacts lie in a bucket."""

from dataclasses import replace

import pytest
from mlflow_view import View
from stored_trials import SWEEP, lines

from orchestrator.tracking.synchronise import synchronise
from orchestrator.tracking.tracker import Tracker
from orchestrator.trial.updates import Finished, Measured, Started
from tests.servers.mlflow_server import mlflow_server
from tests.servers.postgres import postgres
from tests.servers.s3 import s3_server


@pytest.mark.slow
def test_a_sweep_is_mirrored_to_postgres_and_s3_and_leaves_nothing_to_sync(tmp_path, settings, stored, trials):
    with s3_server() as s3, postgres() as database:
        bucket = s3.new_bucket()
        artifacts = f"s3://{bucket}/mlflow"
        with mlflow_server(tmp_path, database, artifacts, environment=s3.environment()) as address:
            settings = replace(settings, tracking_uri=address)
            stored.measure(trials[0], lines(1, 1, 300))
            with Tracker(settings, "combo", SWEEP, trials[:1], []) as mirror:
                mirror.on_update(Started(trials[0], 1, 0))
                for line in lines(1, 1, 300):
                    mirror.on_update(Measured(trials[0].key, line))
                mirror.on_update(Finished(trials[0].key, stored.finish(trials[0])))
            assert mirror.trouble is None
            assert synchronise(settings, [], lambda *_: None).changed == 0

            view = View(address)
            run = view.trials[trials[0].key]
            of_the_sweep = {"table.md", "table.csv", "trials.csv", "shared-settings.json"}
            stored_files = {"trial.json", "result.json", "scores.parquet", "pictures/clip-0.png"}
            assert view.artifacts(run) == stored_files
            names = [entry["Key"] for entry in s3.client.list_objects_v2(Bucket=bucket)["Contents"]]
            assert {name.partition("/artifacts/")[2] for name in names} == stored_files | of_the_sweep
