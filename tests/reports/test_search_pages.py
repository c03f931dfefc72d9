"""A search on a site: its page, and its line on the overview."""

import re
from dataclasses import replace

import pytest

from reports.search_outcomes import Importance
from reports.site.contents import Contents, SearchPage
from reports.site.pages import render_site
from tests.reports.site_contents import search


@pytest.fixture
def show():
    """A site that holds a search and no table: the search's page, and the overview."""

    def render(outcome):
        pages = render_site(Contents("", (), (SearchPage("x", outcome, ()),), (), (), ()))
        return pages["searches/x.html"], pages["index.html"]

    return render


def test_it_marks_its_front(show):
    page, _ = show(search())
    rows = re.findall(r'<tr id="run-\w+" data-state="\w+"( class="front")?>\s*<th scope="row">(\d)', page)
    assert rows == [(' class="front"', "1"), ("", "2"), ("", "3")]


def test_it_says_what_its_scores_are_worth_and_on_which_data_they_are(show):
    page, _ = show(search())
    assert f'<p class="notice">{search().note}</p>' in page
    assert f"<code>{search().data_fingerprint}</code>" in page


def test_at_its_own_scale_it_needs_no_notice(show):
    page, _ = show(replace(search(), note=""))
    assert 'class="notice"' not in page


def test_its_budget_of_points_stands_beside_what_has_become_of_it(show):
    for page in show(search()):
        assert "3 of 12 points, 2 finished" in page


def test_settings_that_matter_stand_with_their_shares(show):
    shares = {"optim.lr": 0.75, "loss.lambda_ada": 0.25}
    page, _ = show(replace(search(), importances=(Importance("m_j", 5, 30, shares),)))
    assert "what sets the best 5 of 30 finished points apart" in page
    assert re.findall(r"<code>([\w.]+)</code></dt><dd><i [^>]*--share: ([0-9.]+)", page) == [
        ("optim.lr", "0.7500"),
        ("loss.lambda_ada", "0.2500"),
    ]
    assert "Which settings matter" not in show(search())[0]
