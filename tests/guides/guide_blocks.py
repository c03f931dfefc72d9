"""Which blocks of a guide are executed here, and a shell that types them as a newcomer would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.repository.shown_commands import ROOT, Block

ELSEWHERE = {
    "apt-get": "changes the machine",
    "aws": "needs an account",
    "docker": "needs a container engine",
    "git": "needs the repository's address",
    "helm": "needs a cluster",
    "kubectl": "needs a cluster",
    "pip": "changes the environment",
    "ray": "needs an account",
    "sbatch": "needs Slurm",
    "scp": "needs another machine",
    "ssh": "needs another machine",
}
"""Programs whose blocks are not executed, and why; a block that calls none of them is, unless it has a mark."""
NOT_HERE = "elsewhere"
"""Mark of a block that is not executed although it calls none of them: it needs a browser, or what is yours."""
MINUTES = "minutes"
"""Mark of a block that is executed only where tests may take minutes."""
MARKS = (NOT_HERE, MINUTES)
EXIT_CODE = re.compile(r"#.*\bexit code (\d+)")
"""What a command says that shall not end with 0, in a comment behind it."""
OURS = ("COMBO_", "RAY_", "MLFLOW_", "AWS_", "OMP_", "XDG_")
"""Variables of the caller that would change what a command does."""


@dataclass(frozen=True)
class Typed:
    """What came of a block."""

    block: Block
    said: str
    codes: list[int]
    """Exit codes of those of its commands that did not end with 0."""


def is_executable(block: Block) -> bool:
    """Whether a block can be executed on one machine without changing it."""
    words = {Path(word).name for command in block.commands for word in command}
    return block.language == "sh" and NOT_HERE not in block.marks and not words & ELSEWHERE.keys()


def expected_codes(block: Block) -> list[int]:
    """The exit codes other than 0 that a block announces."""
    return [int(code) for code in EXIT_CODE.findall(block.text)]


def type_blocks(
    blocks: Sequence[Block], folder: Path, within: Sequence[str] = (), seconds: float = 3300, **environment: str
) -> list[Typed]:
    """Types blocks one after the other into one shell in an empty folder, whatever its commands end with.

    Args:
        blocks: of one guide, in its order.
        folder: where it begins; the home folder lies beside it.
        within: words before the shell that make it run in other surroundings.
        seconds: after which it is given up.
        environment: further variables.
    """
    home, work, typed = folder / "home", folder / "work", folder / "typed"
    programs = home / "bin"
    for place in (programs, work, typed):
        place.mkdir(parents=True)
    (programs / "combo").symlink_to(Path(sys.executable).with_name("combo"))
    parts = [
        f"exec >{typed}/{number}.said 2>&1\ntrap 'echo $? >>{typed}/{number}.codes' ERR\n{block.text}"
        for number, block in enumerate(blocks)
    ]
    script = folder / "script.sh"
    script.write_text("\n".join([*parts, f"touch {typed}/done\n"]))
    caller = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    own = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "110",
        "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}',
    }
    with subprocess.Popen(
        [*within, "bash", script],
        cwd=work,
        env=caller | own | environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as shell:
        try:
            shell.wait(seconds)
        finally:
            with suppress(ProcessLookupError):  # what it has left in the background
                os.killpg(shell.pid, signal.SIGKILL)
    said = [_read(typed / f"{number}.said") for number in range(len(blocks))]
    assert (typed / "done").exists(), f"the shell ended early: {''.join(said)[-3000:]}"
    codes = [_read(typed / f"{number}.codes").split() for number in range(len(blocks))]
    return [Typed(block, words, list(map(int, found))) for block, words, found in zip(blocks, said, codes, strict=True)]


def _read(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
