"""What is logged of a step and of a validation: the values of a `MetricLine`."""

from __future__ import annotations

from model.training.events import Evaluated, Stepped


def step_values(event: Stepped) -> dict[str, float]:
    """Losses by kind, unweighted and summed over the predictions, and the weighted total."""
    values = {"lr": event.lr, "gradient_norm": event.gradient_norm, "seconds": event.seconds}
    for name, loss in event.losses.items():
        kind = f"loss_{name.partition('_')[0]}"
        values[kind] = values.get(kind, 0.0) + loss
    return values


def validation_values(event: Evaluated) -> dict[str, float]:
    """Scores of the validation split, fractions."""
    return {"m_j": event.score.m_j, "m_f": event.score.m_f}
