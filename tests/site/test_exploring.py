"""What the script adds to a table: filters, sorting, copies and links; and that nothing is lost without it."""

import re

import pytest
from playwright.sync_api import expect

from tests.reports.site_contents import table7

TABLE = "tables/combo-table7.html"
OTHERS = "tables/combo-table1.html"
PHONE = {"width": 390, "height": 844, "has_touch": True, "color_scheme": "dark"}


@pytest.fixture
def tools(look, web):
    """A page with the tools of its table."""

    def open_page(name, **options):
        page = look(f"{web}/{name}", **options)
        return page, page.get_by_role("group", name="Explore the table").first

    return open_page


def lines(page, table="paper-table"):
    return page.locator(f"#{table} tbody tr:not(.group):visible")


def names(page):
    return [text.splitlines()[0] for text in lines(page).locator("th.line").all_inner_texts()]


def runs(page):
    """Rows and seeds of the runs that are shown."""
    return [" ".join(text.split()[::2][:2]) for text in lines(page, "runs-table").all_inner_texts()]


def copied(page, tools, form):
    tools.get_by_role("button", name=form).click()
    expect(page.get_by_role("status").last).to_contain_text(f"as {form}")
    return page.evaluate("navigator.clipboard.readText()").splitlines()


def test_without_scripts_no_control_shows_and_a_link_leads_to_its_cell(root, look):
    page = look(f"{root}/{TABLE}#lambda-5/s4/m_j", java_script_enabled=False)
    expect(page.locator("td:target")).to_contain_text("64.5")
    expect(page.locator("td:target")).to_be_in_viewport()
    assert page.locator(".tools:visible, .sort").count() == 0
    expect(page.locator(".footnotes")).to_be_visible()
    page.get_by_role("button", name="62.0 ± 1.0").click()
    expect(page.locator("aside:popover-open")).to_contain_text("Seeds")


def test_search_and_filters_keep_the_rows_and_columns_that_fit(tools):
    page, bar = tools(OTHERS, **PHONE)
    everything = lines(page).count()
    bar.get_by_role("searchbox").fill("catr ms3")
    assert [name[:4] for name in names(page)] == ["CATR", "CATR"]
    expect(page.get_by_role("columnheader", name="S4", exact=True)).to_be_hidden()
    expect(page.get_by_role("columnheader", name="MS3", exact=True)).to_be_visible()
    expect(page.get_by_text("Related tasks")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    bar.get_by_role("searchbox").fill("nobody")
    expect(bar.get_by_role("status")).to_have_text("No row fits.")
    bar.get_by_role("searchbox").fill("")
    bar.get_by_role("combobox", name="State").select_option("stale")
    assert len(names(page)) == 1
    bar.get_by_role("combobox", name="State").select_option("")
    assert lines(page).count() == everything


def test_numbers_that_others_report_can_be_hidden(tools):
    page, bar = tools(OTHERS)
    bar.get_by_role("checkbox", name="reported numbers").uncheck()
    assert "CATR" not in " ".join(names(page))
    assert names(page)[-1] == "COMBO"
    expect(page.locator("#paper-table .by-paper:visible")).to_have_count(0)


def test_a_table_is_sorted_by_keyboard_and_put_back(tools):
    page, _ = tools(OTHERS)
    printed = names(page)
    heading = page.get_by_role("columnheader", name="MJ").first
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    reported = [float(text) for text in page.locator("#paper-table tr.published td:nth-of-type(1)").all_inner_texts()]
    assert reported == sorted(reported, reverse=True)
    expect(page.get_by_text("Related tasks")).to_be_hidden()
    page.keyboard.press("Enter")
    assert names(page)[0].startswith("LVS")
    page.keyboard.press("Enter")
    assert names(page) == printed
    expect(page.get_by_text("Related tasks")).to_be_visible()


def test_what_is_shown_is_copied_as_it_is_needed(tools):
    page, bar = tools(TABLE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bar.get_by_role("combobox", name="Task").select_option("s4")
    assert copied(page, bar, "Markdown")[:3] == [
        "| λada | S4 MJ | S4 MF |",
        "| --- | ---: | ---: |",
        "| 0 | 62.0 ± 1.0 (n 3) (paper 81.0 Δ −19.0) | **72.0 ± 0.0** (n 3) (paper 89.8 Δ −17.8) |",
    ]
    bar.get_by_role("checkbox").uncheck()
    latex = copied(page, bar, "LaTeX")
    assert latex[1] == r"\begin{tabular}{lrr}"
    assert latex[3] == r"$\lambda_{ada}$ & S4 $M_J$ & S4 $M_F$ \\"
    assert latex[5] == r"0 & 62.0 $\pm$ 1.0 (n 3) & \textbf{72.0 $\pm$ 0.0} (n 3) \\"
    header, first, *_ = copied(page, bar, "CSV")
    assert header == "λada,S4 MJ,S4 MJ sd,S4 MF,S4 MF sd"
    assert [round(float(field), 6) for field in first.split(",")] == [0, 62, 1, 72, 0]


def test_a_link_opens_its_cell_and_the_address_follows_what_is_open(root, look):
    page = look(f"{root}/{TABLE}#lambda-5/s4/m_j")
    drawer = page.locator("aside:popover-open")
    expect(drawer).to_contain_text("64.5")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page).to_have_url(re.compile(re.escape(f"{root}/{TABLE}?visit=") + r"\d+$"))
    page.get_by_role("button", name="62.0 ± 1.0").click()
    expect(drawer.get_by_role("link", name="Link to this cell")).to_be_visible()
    page.wait_for_url("**#lambda-0/s4/m_j")


def test_runs_are_found_by_their_settings_and_sorted(tools):
    page, _ = tools(TABLE)
    search = page.get_by_role("searchbox", name="Find trials and settings")
    search.fill("lambda_ada 5.0")
    assert runs(page) == ["5 0", "5 1"]
    search.fill(table7()[1][9].key[:12])
    assert runs(page) == ["20 0"]
    search.fill("")
    page.locator("#runs-table").get_by_role("columnheader", name="MJ").get_by_role("button").click()
    assert runs(page)[:5] == ["5 1", "5 0", "0 2", "0 1", "0 0"]


def test_a_run_opens_its_evidence_with_checksums_folded_away(web, look):
    page = look(f"{web}/{TABLE}#run-{table7()[1][0].key}")
    drawer = page.locator("aside:popover-open")
    expect(drawer).to_contain_text("λada 0")
    expect(drawer.get_by_text("SHA-256")).to_be_hidden()
    drawer.get_by_text("of 1 file").click()
    expect(drawer.get_by_text("SHA-256")).to_be_visible()


def test_on_a_phone_wide_things_say_so_and_notes_are_folded(tools):
    page, _ = tools(TABLE, **PHONE)
    for place in (".scroll", ".drawing"):
        wide = page.locator(f"{place}:has(> :nth-child(1))").first
        assert wide.evaluate("region => region.scrollWidth > region.clientWidth")
        expect(page.locator(f".sideways + {place}").first).to_be_visible()
    expect(page.locator(".footnotes")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".sideways")).to_have_count(0)


def test_chosen_trials_stand_side_by_side(tools):
    page, _ = tools(TABLE, **PHONE)
    first, second = (f"run-{table7()[1][index].key}" for index in (0, 4))
    for key in (first, second):
        page.locator(f"#{key}").get_by_role("checkbox").check()
    page.get_by_role("link", name="2 trials chosen").click()
    chosen = page.get_by_role("region", name="Chosen trials side by side").first
    expect(chosen).to_be_in_viewport()
    expect(chosen.locator(".chart path")).to_have_count(2)
    row = chosen.get_by_role("row", name="MJ", exact=False).first
    expect(row).to_have_text("MJ61.0065.00 +4.00")
    expect(chosen.get_by_role("row", name="loss.lambda_ada")).to_have_text("loss.lambda_ada0.05.0")
    expect(chosen.get_by_role("row", name="optim.lr")).to_have_count(0)
    assert chosen.locator("img").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Choose none").click()
    expect(chosen).to_be_hidden()


def test_a_link_to_a_comparison_chooses_its_trials(web, look):
    keys = [table7()[1][index].key for index in (0, 9)]
    page = look(f"{web}/{TABLE}#compare=run-{keys[0]},run-{keys[1]}")
    expect(page.get_by_role("link", name="2 trials chosen")).to_be_visible()
    page.locator(f"#run-{keys[0]} .opens").click()
    page.keyboard.press("Escape")
    page.wait_for_url(f"**#compare=run-{keys[0]},run-{keys[1]}")


def test_trials_of_several_tables_are_chosen_on_their_pages_and_compared_together(root, look):
    """The choice goes with the links from page to page; nothing else is kept."""
    first, second = (table7()[1][index].key for index in (0, 3))
    page = look(f"{root}/{TABLE}", **PHONE)
    for key in (second, first):
        page.locator(f"#run-{key}").get_by_role("checkbox").check()
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Tables").click()
    expect(page.get_by_role("link", name="2 trials chosen")).to_be_visible()
    page.get_by_role("link", name="Table 1", exact=False).first.click()
    page.locator("#runs-table").get_by_role("checkbox").first.check()
    page.get_by_role("link", name="3 trials chosen, compare all").click()
    page.wait_for_url(re.compile(rf"trials\.html#compare=run-{second},run-{first},run-[0-9a-f]+$"))
    chosen = page.get_by_role("region", name="Chosen trials side by side").first
    expect(chosen).to_be_in_viewport()
    expect(chosen.locator(".chart path")).to_have_count(3)
    expect(chosen.get_by_role("row", name="MJ", exact=False).first).to_have_text("MJ64.0061.00 −3.0080.00 +16.00")
    expect(chosen.get_by_role("row", name="loss.lambda_ada")).to_have_text("loss.lambda_ada5.00.0–")
    expect(chosen.get_by_role("row", name="model.name")).to_have_text("model.namecombocomboavsbench")
    expect(chosen.get_by_role("row", name="data.task")).to_have_count(0)
    expect(chosen.get_by_role("row", name="S4, dog clip-0").locator("img")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    lines(page, "all-runs").filter(has_text=first).get_by_role("link", name="COMBO 7").click()
    expect(page.locator("aside:popover-open")).to_contain_text(first)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Choose none").click()
    page.wait_for_url(re.compile(r"combo-table7\.html$"))


def test_without_scripts_the_page_of_all_trials_tells_in_what_they_differ(web, look):
    page = look(f"{web}/trials.html", java_script_enabled=False)
    assert page.locator("#choice:visible, #chosen:visible").count() == 0
    page.get_by_text("Settings in which trials differ").click()
    expect(page.locator("#varied-settings > div").filter(has_text="loss.lambda_ada")).to_contain_text("0.0 5.0")


def test_plots_tell_values_and_seeds_by_pointer_and_by_keyboard(tools):
    page, _ = tools(TABLE)
    plot = page.locator(".drawing").last
    plot.scroll_into_view_if_needed()
    box = plot.locator(".spot circle").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#tip")).to_contain_text("λ_ada 0, seed 0, step 100: 41.00")
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip")).to_contain_text("step 200: 56.00")
    page.keyboard.press("Enter")
    expect(page.locator("aside:popover-open")).to_contain_text(table7()[1][0].key)


def test_without_scripts_a_marker_is_a_link_with_a_title(web, look):
    page = look(f"{web}/{TABLE}", java_script_enabled=False)
    marker = page.locator(".spot").filter(has_text="λ_ada = 0: 62.0 ± 1.0").first
    assert marker.get_attribute("href") == "#lambda-0/s4/m_j"


def test_a_slider_goes_from_truth_to_prediction_beside_the_score(web, look):
    page = look(f"{web}/qualitative.html", **PHONE)
    first, second = page.locator(".versus").all()
    expect(first).to_contain_text("λada 0 seed 0 MJ 61.0")
    expect(second).to_contain_text("λada 5 seed 0 MJ 71.0")
    slider = first.get_by_role("slider", name="Prediction of λada 0 over the truth")
    slider.focus()
    page.keyboard.press("End")
    assert first.evaluate("figure => figure.style.getPropertyValue('--share')") == "1"
    boxes = [first.get_by_role("img", name=name).bounding_box() for name in ("Truth of", "Prediction of")]
    assert boxes[0] == boxes[1]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    first.get_by_role("link").click()
    expect(page.locator("aside:popover-open")).to_contain_text(table7()[1][0].key)


def test_without_scripts_truth_and_prediction_stand_below_each_other(web, look):
    page = look(f"{web}/qualitative.html", java_script_enabled=False)
    truth, prediction = (page.get_by_role("img", name=name).first for name in ("Truth of", "Prediction of"))
    assert truth.bounding_box()["y"] + truth.bounding_box()["height"] <= prediction.bounding_box()["y"]
    expect(page.get_by_text("prediction", exact=True).first).to_be_visible()


def test_a_trial_of_any_table_is_found_by_its_settings(web, look):
    page = look(f"{web}/trials.html", **PHONE)
    page.get_by_role("searchbox").fill("lambda_ada 5.0")
    assert lines(page, "all-runs").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    lines(page, "all-runs").first.get_by_role("link", name="COMBO 7").click()
    expect(page.locator("aside:popover-open")).to_contain_text(table7()[1][3].key)


def test_a_plot_is_enlarged_and_put_back_by_keyboard(tools):
    page, _ = tools(TABLE)
    button = page.get_by_role("button", name="Enlarge").last
    plot = page.locator("figure.plot .drawing").last
    before = plot.bounding_box()["width"]
    button.focus()
    page.keyboard.press("Enter")
    assert plot.bounding_box()["width"] > 1.2 * before
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip")).to_contain_text("step 100")
    page.keyboard.press("Escape")
    assert plot.bounding_box()["width"] == before
    expect(button).to_be_focused()
