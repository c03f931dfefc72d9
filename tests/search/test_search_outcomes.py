"""What a report is told of searches, from the trial directories alone."""

from pathlib import Path

import pytest
from search_files import FINGERPRINT, load, search_content

from experiments.printed_commands import ON_PATH
from orchestrator.report_inputs.request import read_words
from orchestrator.report_inputs.searches import search_outcomes
from orchestrator.search.study import SearchStudy
from reports.stored.results import read_results

NOWHERE = Path("/nowhere")


@pytest.fixture
def outcomes(workshop, tmp_path):
    """The outcomes of the search in a file, as a report on it with the same words sees them."""

    def look(content, scale="full", **assigned):
        load(tmp_path, content, scale, **assigned)
        asked = read_words([str(tmp_path / "own.yaml")], assigned, scale, NOWHERE, data_was_named=False)
        return search_outcomes(asked.searches, read_results(workshop.root, None), workshop.storage, NOWHERE, ON_PATH)

    return look


def test_every_point_comes_in_its_order_with_its_settings_state_and_values(
    stopping_search, workshop, tmp_path, outcomes
):
    study = SearchStudy(stopping_search, workshop.storage)
    finished, better, pruned, diverged, running = (study.ask() for _ in range(5))
    workshop.finish(finished, 0.5)
    workshop.finish(better, 0.75)
    workshop.prune(pruned, {50: 0.1})
    workshop.fail(diverged, "diverged")
    workshop.begin(running)

    (found,) = outcomes(search_content(early_stopping={"scheduler": "asha", "grace_evaluations": 1}))

    assert [point.key for point in found.points] == [
        trial.key for trial in (finished, better, pruned, diverged, running)
    ]
    assert [(point.state, dict(point.values), point.on_front) for point in found.points] == [
        ("finished", {"m_j": 50.0}, False),
        ("finished", {"m_j": 75.0}, True),
        ("pruned", {}, False),
        ("failed", {}, False),
        ("running", {}, False),
    ]
    assert dict(found.points[0].settings) == dict(study.points[0].point)
    assert (found.title, found.task, found.wanted, found.data_fingerprint) == ("Own settings", "s4", 12, FINGERPRINT)
    assert [(axis.name, axis.is_logarithmic) for axis in found.axes] == [
        ("lambda_ada", True),
        ("queries", False),
        ("mode", False),
    ]
    assert found.command == f"combo run {tmp_path / 'own.yaml'}"


def test_several_objectives_have_a_front_in_the_units_of_reports(workshop, tmp_path, outcomes):
    content = search_content(objectives=["m_j", "parameters", "seconds_per_clip"])
    study = SearchStudy(load(tmp_path, content), workshop.storage)
    large, small, worse = (study.ask() for _ in range(3))
    workshop.finish(large, 0.75, parameters=2_500_000, seconds_per_clip=0.0125)
    workshop.finish(small, 0.5, parameters=1_000_000, seconds_per_clip=0.0125)
    workshop.finish(worse, 0.25, parameters=2_000_000, seconds_per_clip=0.0125)

    (found,) = outcomes(content)
    assert [point.on_front for point in found.points] == [True, True, False]
    assert dict(found.points[0].values) == pytest.approx({"m_j": 75.0, "parameters": 2.5, "seconds_per_clip": 12.5})


def test_a_search_of_which_nothing_is_stored_is_left_out(search, workshop, outcomes):
    assert outcomes(search_content()) == []
    workshop.finish(SearchStudy(search, workshop.storage).ask())
    assert len(outcomes(search_content())) == 1


def test_a_search_that_ran_with_overrides_is_found_by_the_same_words(workshop, tmp_path, outcomes):
    content, words = search_content(), {"training.iterations": 30, "optim.lr": 1e-3}
    trial = SearchStudy(load(tmp_path, content, **words), workshop.storage).ask()
    workshop.finish(trial)
    (found,) = outcomes(content, **words)
    assert [point.key for point in found.points] == [trial.key]
    assert found.command == f"combo run {tmp_path / 'own.yaml'} training.iterations=30 optim.lr=0.001"
    assert outcomes(content) == []


def test_points_on_other_data_are_kept_apart(search, workshop, outcomes):
    study = SearchStudy(search, workshop.storage)
    first, second, third = (study.ask() for _ in range(3))
    workshop.finish(first)
    workshop.finish(second)
    workshop.finish(third.on_data("a" * 16))

    (found,) = outcomes(search_content())
    assert [point.key for point in found.points] == [first.key, second.key]


def test_the_command_ends_with_the_budget_of_points(workshop, tmp_path, outcomes):
    command = f"combo run {tmp_path / 'own.yaml'} --scale small"
    content = search_content(trials=2, scales={"small": {"note": "Small."}})
    study = SearchStudy(load(tmp_path, content, "small"), workshop.storage)
    workshop.finish(study.ask())
    (found,) = outcomes(content, "small")
    assert (found.command, found.note) == (command, "Small.")
    last = study.ask()
    workshop.begin(last, "preempted")
    (found,) = outcomes(content, "small")
    assert (found.command, found.points[1].state) == (command, "stopped")
    workshop.finish(last)
    assert outcomes(content, "small")[0].command == ""
