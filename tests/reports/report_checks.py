"""What must hold for any page and any LaTeX table."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

NOT_INSTALLED = re.compile(r"File `([a-z0-9]+\.(?:sty|cls))' not found")


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
    begun = re.findall(r"\\begin\{([\w*]+)\}", text)
    assert begun[0] in ("table", "table*")
    assert begun[1:] in (["tabular"], ["tabular", "minipage"])
    assert re.findall(r"\\end\{([\w*]+)\}", text) == [*begun[1:], begun[0]]
    plain = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


def assert_compiles(folder, document):
    """Without errors, and with nothing that sticks out of its column or page."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "-draftmode", document]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, errors="replace")
    if missing := NOT_INSTALLED.search(result.stdout):
        pytest.skip(f"the LaTeX file {missing[1]} is not installed")
    assert result.returncode == 0, result.stdout[-2000:]
    too_large = [line for line in result.stdout.splitlines() if re.match(r"Overfull|LaTeX Warning: Float too", line)]
    assert not too_large, too_large
