"""A command in a terminal of 80 columns, and its screen as a picture."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

LINES, COLUMNS = 24, 80
REDRAWN = re.compile(r"\r\x1b\[2K(?:\x1b\[1A\x1b\[2K)+")
"""What rich sends between two states of a live view: it goes up and erases the lines of the last one."""
STATES = ("waiting", "running", "test M_J")
"""How a trial may look in the live view."""
PAGE = """<meta charset="utf-8"><style>
body {{ margin: 0; background: {background}; color: {foreground} }}
pre {{ display: inline-block; margin: 0; padding: 14px; font: 15px/1.3 'DejaVu Sans Mono', monospace }}
</style><pre>
{code}</pre>"""


def live_view(command: list[str], folder: Path) -> str:
    """The screen of a sweep at the last moment that shows most: trials that are finished, that run and that wait.

    Args:
        command: runs a sweep; it is waited for.
        folder: in which it runs.
    """
    _, *screens = REDRAWN.split(_typed(command, folder))
    return max(reversed(screens), key=lambda screen: sum(state in screen for state in STATES))


def picture(typed: str, screen: str, browser: Browser, path: Path) -> None:
    """Draws a screen with its colours, below the command that was typed."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO())
    console.print(Text(f"$ {typed}"))
    console.print(Text.from_ansi(screen.replace("\r\n", "\n")))
    code = console.export_html(theme=MONOKAI, code_format=PAGE, inline_styles=True)
    page = browser.new_page(device_scale_factor=1.5)
    page.set_content(code)
    page.locator("pre").screenshot(path=path)
    page.close()


def _typed(command: list[str], folder: Path) -> str:
    """All that a command says to a terminal."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)})
    said = bytearray()
    while part := _read(terminal):
        said += part
    os.waitpid(process, 0)
    return said.decode(errors="replace")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux' way to say that nobody writes any more
        return b""
