import pytest

from experiments.records import METRICS_DIR, MetricLine
from reports.stored.evaluations import read_curve


def write_attempt(folder, number, *lines, tail=""):
    """Lines as kind, step, time and values."""
    (folder / METRICS_DIR).mkdir(parents=True, exist_ok=True)
    text = "".join(
        MetricLine(kind=kind, attempt=number, step=step, time=time, values=values).model_dump_json() + "\n"
        for kind, step, time, values in lines
    )
    (folder / METRICS_DIR / f"attempt-{number}.jsonl").write_text(text + tail)


def steps(*numbers):
    return [("step", number, 1000.0 + number, {"loss": 1.0}) for number in numbers]


def test_an_evaluation_has_both_scores_in_percent_and_the_seconds_until_then(tmp_path):
    scores = {"m_j": 0.5, "m_f": 0.75}
    write_attempt(tmp_path, 1, *steps(1, 2), ("evaluation", 2, 1010.0, scores), *steps(3), ("system", 3, 1011.0, {}))
    (evaluation,) = read_curve(tmp_path).evaluations
    assert evaluation == (2, 50.0, 75.0, 9.0)


def test_a_resumed_attempt_replaces_the_steps_it_repeats(tmp_path):
    found = [
        ("evaluation", step, 1000.0 + step, {"m_j": value}) for step, value in ((100, 0.2), (200, 0.4), (300, 0.9))
    ]
    write_attempt(tmp_path, 1, *steps(1), *found, *steps(350))
    again = [("evaluation", step, 5000.0 + step, {"m_j": value}) for step, value in ((300, 0.5), (400, 0.6))]
    write_attempt(tmp_path, 2, ("step", 250, 5250.0, {}), *again, tail='{"kind": "eval')
    curve = read_curve(tmp_path)
    assert curve.points == ((100, 20.0), (200, 40.0), (300, 50.0), (400, 60.0))
    assert [evaluation.seconds for evaluation in curve.evaluations] == [99.0, 199.0, 349.0 + 50.0, 349.0 + 150.0]
    assert [problem.what for problem in curve.problems] == ["1 unreadable line"]


def test_a_machine_that_reports_before_the_first_step_takes_no_evaluation_back(tmp_path):
    write_attempt(tmp_path, 1, *steps(1, 100), ("evaluation", 100, 1101.0, {"m_j": 0.5}))
    write_attempt(tmp_path, 2, ("system", 100, 2000.0, {}), *steps(101, 200), ("evaluation", 200, 2300.0, {"m_j": 0.6}))
    assert read_curve(tmp_path).points == ((100, 50.0), (200, 60.0))


def test_attempts_follow_their_numbers(tmp_path):
    for number in (10, 9):
        write_attempt(tmp_path, number, *steps(1), ("evaluation", 5, 1005.0, {"m_j": number / 100}))
    assert read_curve(tmp_path).points == ((5, 10.0),)


@pytest.mark.parametrize(
    "line",
    [
        '{ "kind": "evaluation", "attempt": 1, "step": 7, "time": 1007.0, "values": {"m_j": 0.5} }',
        '{"step":7,"attempt":1,"time":1007.0,"values":{"m_j":0.5},"kind":"evaluation"}',
    ],
)
def test_evaluations_are_found_however_they_are_spelt(tmp_path, line):
    write_attempt(tmp_path, 1, *steps(1, 2, 3), tail=f"{line}\n")
    assert read_curve(tmp_path).points == ((7, 50.0),)


def test_torn_and_foreign_lines_are_counted(tmp_path):
    write_attempt(tmp_path, 1, *steps(1, 2), tail='\n{"kind":"step","attempt":1}\n[]\n{"kind":"step","att')
    (problem,) = read_curve(tmp_path).problems
    assert problem.what == "4 unreadable lines"
    assert problem.where.endswith("metrics/attempt-1.jsonl")


def test_a_trial_without_metrics_has_an_empty_curve(tmp_path):
    curve = read_curve(tmp_path)
    assert (curve.evaluations, curve.problems) == ((), ())
