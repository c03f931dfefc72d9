"""What is stored can be read again."""

from math import inf

import pytest
from pydantic import ValidationError

from experiments.records import MetricLine, TrialRecord
from model.combo.config import ComboConfig


@pytest.mark.parametrize("value", [0.1, 1e-300, -inf, inf])
def test_a_metric_survives_storage(value):
    line = MetricLine(kind="step", attempt=1, step=1, time=0.5, values={"gradient_norm": value})
    assert MetricLine.model_validate_json(line.model_dump_json()) == line


def test_what_another_version_wrote_is_refused():
    record = TrialRecord(key="0", config=ComboConfig())
    for old, new in [('"schema_version":1', '"schema_version":2'), ('"lambda_ada"', '"lambda_new"')]:
        with pytest.raises(ValidationError):
            TrialRecord.model_validate_json(record.model_dump_json().replace(old, new))
