"""Which settings of a search matter."""

from dataclasses import replace

import pytest
from search_files import load, search_content

from orchestrator.search.importance import FEWEST, importances
from orchestrator.search.points import Outcome
from orchestrator.search.study import SearchStudy


@pytest.fixture
def tried(workshop, tmp_path):
    """The search, and points whose values a function of their settings gives."""

    def points(count, *values, objectives):
        search = load(tmp_path, search_content(trials=40, objectives=objectives, sampler={"name": "random"}))
        study = SearchStudy(search, workshop.storage)
        for _ in range(count):
            study.ask()
        return search, [
            replace(one, outcome=Outcome("finished", tuple(value(one.point) for value in values)))
            for one in study.points
        ]

    return points


def test_each_objective_names_the_setting_that_decides_it(tried):
    search, points = tried(
        30,
        lambda point: point["model.query_decoder.queries"] / 20,
        lambda point: {"none": 1.0, "visual": 2.0, "bilateral": 3.0}[point["model.fusion.mode"]],
        objectives=["m_j", "parameters"],
    )
    score, size = importances(search, points)
    assert (score.objective, score.best, score.finished) == ("m_j", 5, 30)
    assert next(iter(score.shares)) == "model.query_decoder.queries"
    assert next(iter(size.shares)) == "model.fusion.mode"
    assert sum(score.shares.values()) == pytest.approx(1)


def test_of_few_points_nothing_is_said(tried):
    search, points = tried(FEWEST - 1, lambda point: point["loss.lambda_ada"], objectives=["m_j"])
    assert importances(search, points) == ()


def test_points_of_equal_value_tell_nothing_wrong(tried):
    search, points = tried(FEWEST, lambda _: 0.5, objectives=["m_j"])
    assert all(sum(one.shares.values()) == pytest.approx(1) for one in importances(search, points))
