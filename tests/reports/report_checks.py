"""What must hold for any page and any LaTeX table."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.addresses, self.tags, self.ids, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.addresses += [values[name] for name in ("src", "href", "xlink:href", "srcset", "data") if name in values]


def assert_balanced(text):
    assert re.findall(r"\\begin\{(\w+)\}", text) == ["table", "tabular", "minipage"]
    assert sorted(re.findall(r"\\begin\{(\w+)\}", text)) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    plain = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


def assert_compiles(out):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "-draftmode"]
    result = subprocess.run(
        [*command, "table7_standalone.tex"], cwd=out, capture_output=True, text=True, check=False, errors="replace"
    )
    if "booktabs.sty' not found" in result.stdout:
        pytest.skip("the LaTeX package booktabs is not installed")
    assert result.returncode == 0, result.stdout[-2000:]
