import json
import re
from importlib.metadata import version

import pytest

from orchestrator.cli.help_text import OPTION_GROUPS, coloured


@pytest.mark.parametrize(
    "words",
    [
        *([], ["list"], ["show"], ["plan"], ["gc"], ["run"], ["status"], ["report"], ["mlflow"], ["sync"]),
        *(["report", "build"], ["report", "open"], ["report", "verify"], ["report", "diff"], ["report", "clips"]),
        ["report", "check"],
        ["report", "bundle"],
        ["rescore"],
        ["reproduce"],
        ["report", "serve"],
        *(["data"], ["data", "synth"], ["data", "check"], ["data", "prepare"]),
        *(["model"], ["model", "import"], ["model", "export"], ["model", "summary"]),
        *(["model", "evaluate"], ["model", "predict"], ["model", "register"], ["data", "maskige"]),
    ],
)
def test_every_command_explains_itself(combo, words):
    run = combo(*words, "--help")

    assert run.returncode == 0
    assert run.stdout.lstrip().startswith(f"Usage: {' '.join(['combo', *words])}")
    assert run.stderr == ""


def test_the_list_names_experiments_by_table_searches_and_presets(combo):
    lines = {line["name"]: line for line in json.loads(combo("list", "--json").stdout)}
    shown = combo("list").stdout

    assert lines["combo/table7"]["table"] == "combo/7"
    assert {"smoke", "demo"} <= set(lines["combo/table7"]["scales"])
    assert {lines[name]["kind"] for name in ("search/lambda_ada", "combo_r50")} == {"searches", "presets"}
    assert all(name in shown for name in lines)


def test_the_version_is_that_of_the_package(combo):
    assert combo("--version").stdout == f"combo {version('combo-lab')}\n"


def test_no_words_at_all_show_the_help(combo):
    run = combo()

    assert run.returncode == 2
    assert "Experiments:" in run.stderr
    assert "Sweeps:" in run.stderr


def test_options_of_a_run_are_listed_in_groups_that_name_options_of_it(combo):
    shown = combo("run", "--help").stdout
    groups = {heading: shown.partition(f"\n{heading}:\n")[2].partition("\n\n")[0] for heading in OPTION_GROUPS}

    assert "--min-workers" in groups["Workers"]
    assert "--max-gpu-hours" in groups["Limits"]
    assert "999" not in shown
    listed = {
        option for group in groups.values() for option in re.findall(r"^  (?:-\w, )?--([\w-]+)", group, re.MULTILINE)
    }
    assert len(listed) > 20


def test_help_has_colours_on_a_terminal_only(combo, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = combo("--help").stdout
    shown = coloured(plain)

    assert "\x1b[" not in plain
    assert "\x1b[1mSweeps:\x1b[0m" in shown
    assert "  \x1b[36mrun\x1b[0m " in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured(plain) == plain
