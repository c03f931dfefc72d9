"""Messages to a command or a webhook of the user's."""

import json
import sys
from pathlib import Path

import pytest
from sweep_updates import failed, started

from experiments.errors import InputError
from orchestrator.monitoring.notifier import FailureNotices, notifying
from tests.servers.webhook import no_webhook, webhook

TINY = Path(__file__).parents[1] / "orchestrator" / "tiny.yaml"
SAVE = "import json, pathlib, sys; json.dump([sys.argv[2], json.load(sys.stdin)], open(sys.argv[1], 'a'))"


def test_a_webhook_is_told_of_trials_that_failed_for_good_and_of_the_end(trials):
    troubles = []
    with webhook() as (address, messages), notifying(address, "sweep-1", troubles.append) as notifier:
        notices = FailureNotices(notifier, [])
        notices.on_update(started(trials[0]))
        notices.on_update(failed(trials[0], "node-lost", again=True))
        notices.on_update(failed(trials[0], "diverged", again=False, message="loss is NaN"))
        notifier.send("sweep-ended", "sweep-1: 1 of 2 trials finished", finished=1)
        notifier.close()
    assert [message["event"] for message in messages] == ["trial-failed", "sweep-ended"]
    assert messages[0]["text"] == f"trial failed: {trials[0].label}: SomeError: loss is NaN"
    assert (messages[0]["trial"], messages[0]["category"]) == (trials[0].key, "diverged")
    assert (messages[1]["sweep"], messages[1]["finished"]) == ("sweep-1", 1)
    assert not troubles


def test_a_command_gets_the_message_as_its_last_word_and_json_as_its_input(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_PASSWORD", "swordfish-123")
    file = tmp_path / "told.json"
    command = f"'{sys.executable}' -c \"{SAVE}\" '{file}'"
    with notifying(command, "sweep-1", pytest.fail) as notifier:
        notifier.send("sweep-ended", "all done; $(rm -rf x) swordfish-123")
    word, message = json.loads(file.read_text())
    assert word == message["text"] == "all done; $(rm -rf x) ***"


def test_trouble_is_told_without_the_secret_path_and_stops_nothing():
    troubles = []
    with webhook(500) as (address, _), notifying(address, "sweep-1", troubles.append) as notifier:
        notifier.send("sweep-ended", "done")
        notifier.close()
    with notifying("false", "sweep-1", troubles.append) as notifier:
        notifier.send("sweep-ended", "done")
    assert troubles == [
        "a message could not be sent to 127.0.0.1: it answered 500",
        "a message could not be sent to false: it ended with code 1",
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"SSH-2.0-OpenSSH_9.2\r\n", "what answers there does not speak HTTP"), (None, "no answer within 0.2 s")],
)
def test_what_is_no_webhook_is_told_for_every_message(answer, said, monkeypatch):
    """The thread that sends outlives a message that could not be sent."""
    monkeypatch.setattr("orchestrator.monitoring.notifier.WEBHOOK_SECONDS", 0.2)
    troubles = []
    with no_webhook(answer) as address, notifying(address, "sweep-1", troubles.append) as notifier:
        notifier.send("trial-failed", "one")
        notifier.send("sweep-ended", "done")
        notifier.close()
    assert troubles == [f"a message could not be sent to 127.0.0.1: {said}"] * 2


def test_a_refused_connection_is_told_as_a_sentence():
    troubles = []
    with notifying("http://127.0.0.1:9/secret-path", "sweep-1", troubles.append) as notifier:
        notifier.send("sweep-ended", "done")
    assert troubles == ["a message could not be sent to 127.0.0.1: Connection refused"]


def test_an_error_that_ends_a_sweep_is_told():
    with webhook() as (address, messages), pytest.raises(RuntimeError), notifying(address, "sweep-1", pytest.fail):
        raise RuntimeError("no cluster")
    assert messages[0]["text"] == "sweep-1 ended with an error: RuntimeError: no cluster"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no-such-program x", "no-such-program"),
        (" ", "names no program"),
        ("'", "is no command"),
        ("https://", "is not a web address"),
        ("https://[::1/x", "is not a web address"),
        ("https://example.org:port/x", "is not a web address"),
        ("https://example org/x", "is not a web address"),
        ("https://me:secret@example.org/x", "holds a user name"),
    ],
)
def test_what_cannot_be_called_is_refused_at_once(target, said):
    with pytest.raises(InputError, match=said), notifying(target, "sweep-1", pytest.fail):
        pass


@pytest.mark.parametrize("target", [None, ""])
def test_without_a_target_nobody_is_told(target):
    with notifying(target, "sweep-1", pytest.fail) as notifier:
        assert notifier is None


def test_a_run_tells_its_end(command, tmp_path, monkeypatch):
    """Of a sweep in which nothing was trained, as Ray is not started here."""
    monkeypatch.setattr("orchestrator.sweep.execute.execute", lambda *_, **options: options["notifier"] and "budget")
    assert command("data", "synth", "--subset", "s4", "--out", tmp_path, "--clips", 12, "--size", 32).code == 0
    folders = ("--data", tmp_path, "--storage", tmp_path / "storage")
    with webhook() as (address, messages):
        command("run", TINY, *folders, "--notify", address)
    (message,) = messages
    assert message["event"] == "sweep-ended"
    assert "0 of 3 trials finished, 3 new; the budget is spent" in message["text"]
    assert (message["trials"], message["reason"]) == (3, "budget")
    refused = command("run", TINY, *folders, "--notify", "no-such-program")
    assert (refused.code, refused.err[:41]) == (2, "error: --notify: names no program: 'no-su")
