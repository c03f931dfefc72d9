"""All files of a site: its pages, and what they offer beside them."""

from __future__ import annotations

from collections.abc import Iterator

from reports.drawing.plot import Plot
from reports.render.formats import table_files
from reports.site import paths
from reports.site.contents import Contents
from reports.site.pages import render_site


def site_files(contents: Contents) -> dict[str, str | bytes]:
    """Contents by path below the site's root; the overview is the last, so that it never leads nowhere."""
    files: dict[str, str | bytes] = {
        paths.table_folder(name): content
        for name, content in table_files({page.slug: page.table for page in contents.tables}).items()
    }
    for plot in _plots(contents):
        files |= {paths.figure_folder(name): content for name, content in plot.files.items()}
    for page in contents.tables:
        files |= {paths.picture_file(picture.file): picture.content for picture in page.pictures}
        views = [view for clip in page.clips for view in clip.views]
        files |= {paths.picture_file(one.file): one.content for view in views for one in (view.truth, view.prediction)}
    pages = render_site(contents)
    overview = pages.pop(paths.OVERVIEW)
    return {**files, **pages, paths.OVERVIEW: overview}


def _plots(contents: Contents) -> Iterator[Plot]:
    yield from (plot for page in contents.tables for plot in page.plots)
    yield from (plot for page in contents.searches for plot in page.plots)
    yield from (figure.plot for figure in contents.figures if figure.plot is not None)
