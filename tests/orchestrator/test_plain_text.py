"""Text from outside reaches the terminal as text."""

import io

import pytest
from rich.console import Console

from orchestrator.cli.plain_text import printable, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café 音 [red] :bomb:", "café 音 [red] :bomb:"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("undecodable \udcff", r"undecodable \udcff"),
    ],
)
def test_what_commands_a_terminal_is_shown_instead(text, shown):
    assert printable(text) == shown


def test_a_line_on_a_terminal_has_no_codes_but_its_own_style():
    terminal = io.StringIO()
    say("[red]\x1b[31m:bomb:\n" + "long " * 30, Console(file=terminal, force_terminal=True, width=40), "bold")

    line = terminal.getvalue()
    assert r"[red]\x1b[31m:bomb:\n" + "long " * 29 in line
    assert line.count("\x1b[") == line.count("\x1b[1m") + line.count("\x1b[0m") == 2
