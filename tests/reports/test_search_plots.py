"""The plots of a search: every point is somewhere, and the best stand out."""

from dataclasses import replace

import pytest
from plot_checks import assert_fits_a_page, texts

from reports.plots.search_plots import search_plots
from reports.search_outcomes import SearchAxis, SearchOutcome, SearchPoint

AXES = (
    SearchAxis("optim.lr", "lr", True),
    SearchAxis("a.mode", "a.mode", False),
    SearchAxis("b.mode", "b.mode", False),
)


def point(number, m_j, *, best=False, state="finished", **more):
    settings = {"optim.lr": 10.0 ** -(number % 5), "a.mode": ["add", "all"][number % 2], "b.mode": number}
    values = {"m_j": m_j, **more} if state == "finished" else {}
    return SearchPoint(f"{number:016x}", settings, values, state, best)


@pytest.fixture
def outcome():
    points = (
        *(point(number, 60 + number, parameters=100 + number, best=number > 2) for number in range(5)),
        point(5, 0, state="pruned"),
        point(6, 0, state="running"),
        point(7, 0, state="pruned"),
    )
    return SearchOutcome(
        name="search/odd name",
        title="Size and score",
        task="s4",
        scale="full",
        objectives=("parameters", "m_j"),
        points=points,
        command="combo run x",
        wanted=12,
        data_fingerprint="d" * 16,
        axes=AXES,
    )


def test_a_search_for_two_objectives_has_history_settings_and_front(outcome):
    plots = {plot.name: plot for plot in search_plots(outcome)}
    assert list(plots) == [
        *("search-odd-name-history", "search-odd-name-settings"),
        *("search-odd-name-together", "search-odd-name-front"),
    ]
    assert_fits_a_page(plots.values())
    history, settings, together, front = map(texts, plots.values())
    assert {"best so far", "no score: 2 pruned, 1 running", "validation $M_J$ (%)"} <= set(history)
    assert {"lr", "0.01", "a.mode", "add", "all", "b.mode", "on the Pareto front"} <= set(settings)
    assert {"lr", "0.0001", "1", "a.mode", "add", "all", "validation $M_J$ (%)"} <= set(together)
    assert {"parameters (millions)", "validation $M_J$ (%)", "on the Pareto front", "other points"} <= set(front)


def test_a_search_for_one_objective_has_no_front(outcome):
    plots = search_plots(replace(outcome, objectives=("m_j",)))
    assert [plot.title for plot in plots] == ["History", "Settings", "Settings together"]
    assert "best" in texts(plots[1])


def test_one_point_can_be_drawn_and_none_without_a_score(outcome):
    assert len(search_plots(replace(outcome, points=outcome.points[:1]))) == 4
    assert search_plots(replace(outcome, points=outcome.points[5:])) == []


def test_the_same_search_gives_the_same_plots(outcome):
    first, second = ([plot.files for plot in search_plots(outcome)] for _ in range(2))
    assert first == second
