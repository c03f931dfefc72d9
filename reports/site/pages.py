"""The pages of a site: static, whole without their script, loading nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import Environment

from reports.render.reasons import reasons
from reports.site import paths
from reports.site.all_runs import all_runs
from reports.site.contents import Contents, SearchPage, TablePage
from reports.site.environment import TEMPLATES, site_environment
from reports.site.progress import in_papers_order, papers_of, progress_of
from reports.site.runs import PlacedRun, runs_of
from reports.site.spans import spanned
from reports.site.sparkline import Sparklines
from reports.site.varied_facts import varied_evidence, varied_settings

STYLES = ("site.css", "explore.css")
"""Joined to one style, in this order."""


def render_site(contents: Contents) -> dict[str, str]:
    """All pages and their style by path below the site's root; the same contents give the same text.

    Everything that comes from files is escaped, and a content policy forbids remote loads and every script but ours.
    """
    pages = _Pages(contents)
    tables = in_papers_order(contents.tables)
    runs = [runs_of(page) for page in tables]
    return {
        paths.STYLE: "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES),
        **dict(pages.tables(tables, runs)),
        **dict(pages.searches(contents.searches)),
        paths.TRIALS: pages.trials(tables, runs),
        paths.FIGURES: pages.page("figures", paths.FIGURES, figures=contents.figures),
        paths.QUALITATIVE: pages.page("qualitative", paths.QUALITATIVE, tables=tables),
        paths.OVERVIEW: pages.page("overview", paths.OVERVIEW, papers=papers_of(tables)),
    }


class _Pages:
    """Renders pages that know where they lie."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._environment: Environment = site_environment()

    def page(self, template: str, path: str, **values: Any) -> str:
        """One page.

        Args:
            template: its name, without ending.
            path: of the page below the root.
            values: what the template shows.
        """
        root = "../" * path.count("/")
        found = self._environment.get_template(f"{template}.html.j2")
        return found.render(contents=self._contents, root=root, path=path, is_live=False, **values)

    def tables(
        self, pages: Sequence[TablePage], runs_of_pages: Sequence[Sequence[PlacedRun]]
    ) -> Iterator[tuple[str, str]]:
        """A page for each table, linked to its neighbours."""
        neighbours = [None, *pages, None]
        for before, page, after, runs in zip(neighbours, pages, neighbours[2:], runs_of_pages, strict=False):
            path = paths.table_page(page.slug)
            values = {
                "page": page,
                "table": page.table,
                "grid": spanned(page.table),
                "progress": progress_of(page),
                "reasons": reasons(page.table) if page.table.own_cells else [],
                "runs": runs,
                "run_states": {run.state: run.state for run in runs},
                "sparklines": Sparklines(runs),
            }
            yield path, self.page("table", path, tables=pages, before=before, after=after, **values)

    def trials(self, pages: Sequence[TablePage], runs_of_pages: Sequence[Sequence[PlacedRun]]) -> str:
        """The page of all trials."""
        runs = all_runs(zip(pages, runs_of_pages, strict=True))
        states = {run.first.placed.state: run.first.placed.state for run in runs}
        behind = [run.first.placed.run for run in runs]
        facts = {"settings": varied_settings(behind), "evidence": varied_evidence(behind)}
        return self.page("trials", paths.TRIALS, runs=runs, run_states=states, **facts)

    def searches(self, pages: Sequence[SearchPage]) -> Iterator[tuple[str, str]]:
        """A page for each search."""
        for page in pages:
            path = paths.search_page(page.slug)
            states = {point.state: point.state for point in page.outcome.points}
            yield path, self.page("search", path, page=page, outcome=page.outcome, states=states)
