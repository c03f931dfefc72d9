"""How metric lines of several attempts become the points of one run."""

import math
import sys

from stored_trials import evaluation, lines, machine, step

from orchestrator.tracking.metric_points import BATCH, MetricPoints


def _steps(points, name):
    return [point.step for point in points.of(name)]


def test_a_continued_attempt_replaces_what_the_lost_one_measured_after_the_checkpoint():
    points = MetricPoints([*lines(1, 1, 10), *lines(2, 7, 8)])

    assert _steps(points, "train/loss_total") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [point.value for point in points.of("train/seconds")][-3:] == [1 / 8, 2 / 8, 2 / 8]
    assert _steps(points, "val/m_j_percent") == [5]
    assert _steps(points, "system/cpu_utilization_percentage") == [5, 10]


def test_lines_that_are_known_change_nothing():
    points = MetricPoints(lines(1, 1, 10))
    points.all_sent()
    for line in lines(1, 1, 10):
        points.add(line)

    assert points.equals(MetricPoints(lines(1, 1, 10)))
    assert points.were_sent()


def test_points_that_were_sent_and_then_replaced_are_sent_anew():
    points = MetricPoints(lines(1, 1, 10))
    points.all_sent()
    points.add(step(2, 8))

    assert not points.were_sent()
    assert {point.step for batch in points.unsent() for point in batch} == {8}


def test_each_point_is_in_one_batch_and_a_batch_that_failed_comes_again():
    points = MetricPoints(lines(1, 1, 800))
    first = next(points.unsent())
    batches = list(points.unsent())

    assert first == batches[0]
    assert max(map(len, batches)) == BATCH
    sent = [point for batch in batches for point in batch]
    assert len(sent) == len(set(sent)) == 800 * 3 + 160 * 3
    assert points.were_sent()


def test_infinity_becomes_the_number_that_mlflow_keeps_and_nan_equals_itself():
    odd = [step(1, 1, math.inf), step(1, 2, -math.inf), step(1, 3, math.nan), evaluation(1, 3), machine(1, 3)]
    points = MetricPoints(odd)

    values = [point.value for point in points.of("train/loss_total")]
    assert values[:2] == [sys.float_info.max, -sys.float_info.max]
    assert math.isnan(values[2])
    assert points.equals(MetricPoints(odd))
