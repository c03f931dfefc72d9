"""The documents as a site: every page is found from an index, every link to a heading has one, and all of it builds."""

import re
import subprocess
import sys

import pytest

from tests.repository.shown_commands import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")


def _text(page):
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text())


def _anchors(page):
    """Names of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.*)$", _text(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)) for heading in headings)
    return {heading.lower().replace(" ", "-") for heading in plain}


def _is_generated(page):
    return "-reference}" in page.read_text()


@pytest.mark.parametrize("part", sorted(path.name for path in DOCS.iterdir() if list(path.glob("*.md"))))
def test_an_index_leads_to_every_page_of_its_part(part):
    pages = {page.name for page in (DOCS / part).glob("*.md")} - {"index.md"}
    linked = {target for target, _ in LINK.findall((DOCS / part / "index.md").read_text())}

    assert pages - linked == set()


def test_links_to_headings_have_one():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
    links = [
        (page, *link) for page in documents for link in LINK.findall(_text(page)) if link[1] and "://" not in link[0]
    ]
    targets = [(page, (page.parent / path).resolve() if path else page, anchor) for page, path, anchor in links]

    assert len(targets) > 20
    lost = {
        f"{page.relative_to(ROOT)}: {target.name}#{anchor}"
        for page, target, anchor in targets
        if target.suffix == ".md" and not _is_generated(target) and anchor not in _anchors(target)
    }
    assert lost == set()


@pytest.mark.minutes
def test_the_site_builds_without_a_warning(tmp_path):
    words = [
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--doctree-dir",
        tmp_path / "trees",
        DOCS,
        tmp_path / "site",
    ]
    built = subprocess.run([sys.executable, "-m", "sphinx", *words], cwd=ROOT, capture_output=True, text=True)
    commands, settings = (
        (tmp_path / "site/reference" / f"{name}.html").read_text() for name in ("commands", "settings")
    )

    assert built.returncode == 0, built.stderr
    assert 'id="combo-report-build"' in commands
    assert "--checkpoint-every" in commands
    assert "loss.lambda_ada" in settings
    assert "Clips per optimiser step over all workers." in settings
