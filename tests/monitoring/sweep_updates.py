"""Updates as trials send them to the driver."""

from experiments.records import FailureRecord, MetricLine, ProtocolRecord, Provenance, ResultRecord, ScoreRecord
from orchestrator.trial.updates import Failed, Finished, Measured, Started

PROTOCOL = ProtocolRecord(
    name="avsbench-binary",
    version=1,
    split="test",
    f_pooling="clip",
    thresholds=255,
    beta_squared=0.3,
    empty_mask_rule="background-iou, skipped in F",
)
WHEN = "2026-11-27T12:00:00+00:00"


def started(trial, attempt=1, step=0):
    return Started(trial, attempt, step)


def step(trial, number, seconds=2.0):
    return Measured(trial.key, MetricLine(kind="step", attempt=1, step=number, time=0, values={"seconds": seconds}))


def evaluation(trial, number, m_j):
    return Measured(trial.key, MetricLine(kind="evaluation", attempt=1, step=number, time=0, values={"m_j": m_j}))


def failed(trial, category, again, message="so"):
    return Failed(
        trial.key, FailureRecord(attempt=1, category=category, kind="SomeError", message=message, time=WHEN), again
    )


def finished(trial, m_j, quarantined=()):
    """A trial whose last step was its best."""
    best = trial.config.training.iterations
    checkpoint = f"checkpoints/best-{best:08d}"
    result = ResultRecord(
        key=trial.key,
        protocol=PROTOCOL,
        score=ScoreRecord(j_sum=10 * m_j, f_sum=5.0, count=10),
        best_step=best,
        validation=ScoreRecord(j_sum=10 * m_j, f_sum=5.0, count=10),
        parameters=10,
        trainable_parameters=10,
        checkpoint=checkpoint,
        checksums={f"{checkpoint}/model.safetensors": "0" * 64, "scores.parquet": "0" * 64},
        provenance=Provenance(
            code_version="0.1.0",
            commit=None,
            data_fingerprint="0" * 16,
            packages={},
            device="cpu",
            workers=1,
            attempts=1,
            started=WHEN,
            finished=WHEN,
            training_seconds=60.0,
        ),
        quarantined={"test": list(quarantined)},
    )
    return Finished(trial.key, result)
