"""Terms that `docs/reference/glossary.md` has replaced are gone from code and docs."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CODE_ROOMS = ("orchestrator", "experiments", "reports")
EVERYWHERE = (*CODE_ROOMS, "model", "tests", "docs")


class Retired(NamedTuple):
    """A retired word, as a regular expression."""

    word: str
    replacement: str
    folders: tuple[str, ...] = EVERYWHERE
    """Where the word has no other meaning."""


RETIRED = (
    Retired(r"[Pp]ulses?", "heartbeat", (*CODE_ROOMS, "tests", "docs")),
    Retired(r"BEAT_SECONDS|(?:a|the|its|next|each|every) beats?", "heartbeat", (*CODE_ROOMS, "tests", "docs")),
    Retired(r"signs? of life", "heartbeat"),
    Retired(r"[Cc]laim(?:s|ed)?", "lease, acquired or lost", ("orchestrator", "docs")),
    Retired(r"[Ww]ish(?:es|ed)?", "stop request", CODE_ROOMS),
    Retired(r"Link|[Mm]ailbox", "driver channel", ("orchestrator", "tests/orchestrator", "tests/faults")),
    Retired(r"(?:channel|link|sender)\.tell", "send", (*CODE_ROOMS, "tests")),
    Retired(r"[Aa]genda", "trial scheduler"),
    Retired(r"WorkerShape|_run_shape|shape of a trial", "worker resources, or worker count"),
    Retired(r"[Ff]ollowers?", "dependent trial"),
    Retired(r"trial\.source|with_sources", "parent trial"),
    Retired(r"[Pp]atience", "retry policy", ("orchestrator",)),
    Retired(r"[Ff]orgive", "clear failure"),
    Retired(r"(?<!optuna\.)(?:Study|load_study|read_studies)", "ScaledExperiment; a study is Optuna's"),
    Retired(r"[Oo]utlook|[Pp]rospects?", "cost forecast"),
    Retired(r"(?<!combo\.)[Qq]uestions?", "experiment, search, or target", CODE_ROOMS),
    Retired(r"[Ss]tanding", "search state", ("orchestrator",)),
    Retired(r"[Cc]onduct", "run configuration", ("orchestrator",)),
    Retired(r"(?<!master\.)telemetry|trial_story|[Ss]tory", "a name that says what it does", ("orchestrator",)),
    Retired(
        r"trial[./]machine|run_options|borrowed_options",
        "run context, or run configuration",
        ("orchestrator",),
    ),
    Retired(r"orchestrator[./]reporting", "orchestrator.report_inputs"),
    Retired(r"misfit", "state-dict mismatch"),
    Retired(r"model[./]whole|whole_(?:file|folder)", "atomic writes"),
    Retired(r"[Hh]earing|unheard|the (?:model|network) hears|quer(?:y|ies) hears?", "audio embedding, sound survey"),
)


def _uses(retired):
    """Where a retired word is used: file, line, and what to write instead."""
    pattern = re.compile(rf"(?:{retired.word})(?![A-Za-z])")
    for folder in retired.folders:
        for path, text in _texts(folder).items():
            for found in pattern.finditer(text):
                if not text[found.start() - 1 : found.start()].isalpha():
                    number = text.count("\n", 0, found.start()) + 1
                    yield f"{path.relative_to(ROOT)}:{number}: '{found[0]}' is retired: {retired.replacement}"


@cache
def _texts(folder):
    """The files of a folder that are searched."""
    paths = sorted((ROOT / folder).rglob("*.md" if folder == "docs" else "*.py"))
    return {path: path.read_text(encoding="utf-8") for path in paths if path != Path(__file__).resolve()}


@pytest.mark.parametrize("retired", RETIRED, ids=lambda retired: retired.word)
def test_a_retired_word_is_used_nowhere(retired):
    assert list(_uses(retired)) == []


def test_docstrings_begin_with_what_they_describe():
    fragments = re.compile(r'"""(?:Of|That|Whose|Lest|For which) ')
    found = [
        f"{path.relative_to(ROOT)}:{number}: say what the value is before what it is of"
        for room in (*CODE_ROOMS, "model")
        for path in sorted((ROOT / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if fragments.search(line)
    ]

    assert found == []


def test_what_the_glossary_names_in_the_code_is_there():
    glossary = (ROOT / "docs" / "reference" / "glossary.md").read_text()
    named = re.findall(r"`((?:orchestrator|experiments|reports|model)(?:\.\w+)+)`", glossary)

    assert len(named) > 20
    assert [name for name in named if not _exists(name)] == []


def _exists(name):
    """Whether a module is there, or a module that defines the name's last part."""
    path = ROOT / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent.with_suffix(".py")
    return (
        module.is_file() and re.search(rf"^(?:class |def )?{path.name}\b", module.read_text(), re.MULTILINE) is not None
    )
