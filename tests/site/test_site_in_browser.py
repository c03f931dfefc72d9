import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.reports.site_contents import table7

SCREENSHOTS = os.environ.get("COMBO_SCREENSHOTS")
"""Folder in which pictures of all pages are kept to be looked at."""
TABLE = "tables/combo-table7.html"
PAGES = (
    "index.html",
    TABLE,
    "tables/combo-table1.html",
    "tables/bigen-table6.html",
    "tables/settings-combo.html",
    "searches/search-architecture.html",
    "figures.html",
    "qualitative.html",
    "trials.html",
)
DECODE = "Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode() }))"
"""Fails if a picture cannot be shown."""
VIEWS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"width": 320, "height": 640, "device_scale_factor": 2, "has_touch": True},
}


def provenance(page):
    return page.locator("aside:popover-open")


def come_to_rest(page):
    provenance(page).evaluate("drawer => Promise.all(drawer.getAnimations().map(move => move.finished))")


def test_a_click_on_a_number_tells_where_it_comes_from(root, look):
    page = look(f"{root}/index.html")
    page.get_by_role("link", name="Table 7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("inter-frame consistency loss"))
    assert page.locator("aside:visible").count() == 0
    page.get_by_role("button", name="62.0 ± 1.0").click()
    expect(provenance(page)).to_be_in_viewport()
    expect(provenance(page)).to_contain_text(table7()[1][0].key)
    expect(provenance(page)).to_contain_text("avsbench-binary, version 1, on the test split")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("aside:visible")).to_have_count(0)


def test_a_cell_is_reached_opened_and_left_by_keyboard(web, look):
    page = look(f"{web}/{TABLE}")
    cell = page.get_by_role("button", name="62.0 ± 1.0")
    for _ in range(40):
        page.keyboard.press("Tab")
        if cell.evaluate("cell => cell === document.activeElement"):
            break
    expect(cell).to_be_focused()
    assert cell.evaluate("cell => getComputedStyle(cell).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(provenance(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(provenance(page).get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Tab")
    expect(provenance(page).get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("aside:visible")).to_have_count(0)
    expect(cell).to_be_focused()


def test_the_link_of_a_run_shows_that_run_in_mlflow(web, logged_run, look):
    page = look(f"{web}/{TABLE}")
    page.get_by_role("button", name="62.0 ± 1.0").click()
    with page.context.expect_page() as opened:
        provenance(page).get_by_role("link", name=logged_run[1].run_id).click()
    expect(opened.value.get_by_text("lambda-0 s4 seed 0").first).to_be_visible(timeout=60_000)
    expect(opened.value.get_by_text(logged_run[1].run_id).first).to_be_visible(timeout=60_000)
    opened.value.close()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_on_a_phone_provenance_rises_from_the_bottom(web, look):
    page = look(f"{web}/{TABLE}", **VIEWS["phone"])
    page.get_by_role("button", name="62.0 ± 1.0").tap()
    expect(provenance(page)).to_be_in_viewport()
    come_to_rest(page)
    box = provenance(page).bounding_box()
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 320, 640)
    assert box["y"] > 0


def test_pages_follow_the_system_into_the_dark(web, look):
    shades = []
    for scheme in ("light", "dark"):
        page = look(f"{web}/{TABLE}", color_scheme=scheme)
        shades.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        curve = page.locator(".drawing svg path[style*='series-0']").first
        shades.append(curve.evaluate("path => getComputedStyle(path).stroke"))
    assert len(set(shades)) == 4


def test_print_shows_the_runs_and_no_controls(web, look):
    page = look(f"{web}/{TABLE}")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Runs behind this table")).to_be_visible()
    expect(page.locator("header.site")).to_be_hidden()
    assert page.locator("aside:visible").count() == 0


def test_nothing_moves_for_those_who_asked_for_stillness(web, look):
    page = look(f"{web}/{TABLE}", reduced_motion="reduce")
    assert page.locator("aside").first.evaluate("drawer => getComputedStyle(drawer).transitionDuration") == "0s"


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_shows_all_its_pictures_and_none_is_wider_than_its_window(view, web, look):
    """One window visits all pages: each new one would cost a process of the browser."""
    page = look(f"{web}/index.html", **VIEWS[view])
    for name in PAGES:
        page.goto(f"{web}/{name}")
        page.evaluate(
            "Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode() }))"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= VIEWS[view].get("width", 1280), name
        keep_picture(page, name, view)
    page.goto(f"{web}/{TABLE}")
    page.get_by_role("button", name="62.0 ± 1.0").click()
    come_to_rest(page)
    keep_picture(page, TABLE, f"{view}-provenance")


def keep_picture(page, name, view):
    """Where somebody wants to look at it."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        stem = name.removesuffix(".html").replace("/", "-")
        page.screenshot(path=Path(SCREENSHOTS, f"{stem}-{view}.png"), full_page=True)
