"""The directive `command-reference`: every command with its arguments and options, as Typer writes them down."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst.directives import unchanged_required
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.cli import app as typer_program
from typer.testing import CliRunner

from orchestrator.cli.help_text import readable_ranges


class CommandReference(SphinxDirective):
    """Takes the module of a Typer program, and what the program is called."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"name": unchanged_required}

    def run(self) -> list[nodes.Node]:
        """The pages of all commands, from the command line itself."""
        self.env.note_reread()  # Sphinx does not see when the code has changed
        words = [self.arguments[0], "utils", "docs", "--name", self.options["name"]]
        made = CliRunner().invoke(typer_program, words, catch_exceptions=False)
        if made.exit_code:
            raise self.error(made.output)
        _, _, commands = made.output.partition("\n")  # its title: the page has one
        return self.parse_text_to_nodes(readable_ranges(commands), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
