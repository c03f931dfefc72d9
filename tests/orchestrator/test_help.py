import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "words",
    [
        *([], ["show"], ["plan"], ["gc"], ["run"], ["status"], ["report"], ["mlflow"], ["sync"]),
        *(["report", "build"], ["report", "open"], ["report", "verify"], ["report", "diff"], ["report", "clips"]),
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


def test_no_words_at_all_show_the_help(combo):
    run = combo()

    assert run.returncode == 2
    assert "Commands:" in run.stderr


@pytest.mark.parametrize("words", ["['--help']", "['run', '--help']", "['show', 'combo/table7', '--json']"])
def test_what_trains_and_tracks_is_not_imported_before_it_is_needed(words):
    code = (
        "import sys; sys.argv[1:] = " + words + "\n"
        "from orchestrator.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code in (0, None)\n"
        "heavy = {'torch', 'ray', 'mlflow', 'pandas', 'pyarrow', 'numpy', 'matplotlib', 'cv2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
