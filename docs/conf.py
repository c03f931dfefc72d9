"""How Sphinx makes a site of these documents: `make docs`."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
DOCUMENTED = (DOCS.parent, DOCS.parent / "orchestrator" / "door")
sys.path[:0] = map(str, (*DOCUMENTED, DOCS / "extensions"))

project = "COMBO Lab"
extensions = [
    "myst_parser",
    "sphinx_copybutton",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "index_trees",
    "command_reference",
    "setting_reference",
]
exclude_patterns = ["extensions"]
root_doc = "index"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False

myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"  # of recorded terminals, the commands only

autodoc_member_order = "bysource"
autodoc_typehints = "description"
default_role = "code"  # docstrings are written as in Markdown


def setup(app):  # noqa: ANN001, ANN201
    """Shows diagrams as their text, which GitHub draws: what draws them here would be loaded from elsewhere."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)
