"""Pages of a report and of MLflow in a browser, as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

DESKTOP = ViewportSize(width=1200, height=820)
PHONE = ViewportSize(width=390, height=780)
DRAWER = ViewportSize(width=1200, height=780)
SLIDE = ViewportSize(width=560, height=250)
RUNS = ViewportSize(width=1200, height=520)
TO_THE_TOP = "element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 20)"
MLFLOW_SECONDS = 240
"""The first look at a server that has just been started takes long."""


def report_pictures(report: Path, table: str, cell: str, browser: Browser, folder: Path) -> None:
    """Pictures of a report's pages, from disk.

    Args:
        report: its folder.
        table: name of a table.
        cell: of that table, as links name it.
        browser: draws them.
        folder: of the pictures.
    """
    address = (report / "tables" / f"{table}.html").as_uri()

    page = _window(browser, DESKTOP, address)
    page.screenshot(path=folder / "site-table.png")
    page.set_viewport_size(DRAWER)
    page.locator(f'td[id="{cell}"]').get_by_role("button").first.click()
    page.locator("aside:popover-open").wait_for()
    _at_rest(page)
    page.screenshot(path=folder / "site-evidence.png")
    page.close()

    page = _window(browser, PHONE, address, has_touch=True)
    page.get_by_role("searchbox").first.evaluate(TO_THE_TOP)
    page.screenshot(path=folder / "site-phone.png")
    page.close()

    page = _window(browser, DESKTOP, address, color_scheme="dark")
    for box in page.get_by_role("checkbox", name="Compare").all()[:3]:
        box.check()
    page.get_by_role("heading", name="Chosen trials side by side").evaluate(TO_THE_TOP)
    page.screenshot(path=folder / "site-dark.png")
    page.close()

    page = _window(browser, DESKTOP, (report / "qualitative.html").as_uri())
    page.screenshot(path=folder / "site-clips.png")
    page.close()

    page = _window(browser, SLIDE, (report / "tables" / f"{table}_slide.html").as_uri(), device_scale_factor=2)
    page.screenshot(path=folder / "pasted-table.png")
    page.close()


def mlflow_picture(address: str, browser: Browser, path: Path) -> None:
    """The list of an experiment's runs, those of the newest sweep unfolded.

    Args:
        address: of the list, as `combo mlflow` prints it.
        browser: draws it.
        path: of the picture.
    """
    page = _window(browser, RUNS, address, seconds=MLFLOW_SECONDS)
    page.get_by_role("button", name="Close").click()  # the assistant, which opens for whoever comes for the first time
    rows = page.locator('[role="gridcell"][col-id="attributes.`Run Name`"]')
    rows.get_by_role("button").first.click()
    rows.nth(1).wait_for()
    page.wait_for_timeout(3000)  # rows come one after the other
    page.screenshot(path=path)
    page.close()


def _window(browser: Browser, size: ViewportSize, address: str, seconds: int = 30, **options: Any) -> Page:
    page = browser.new_page(viewport=size, reduced_motion="reduce", **options)
    page.set_default_timeout(1000 * seconds)
    page.goto(address)
    return page


def _at_rest(page: Page) -> None:
    page.evaluate("Promise.all(document.getAnimations().map(move => move.finished))")
