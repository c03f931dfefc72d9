"""Events as JSON lines."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from sweep_updates import evaluation, failed, finished, started, step

from orchestrator.monitoring.event_log import EventLog, TrialEvents
from orchestrator.trial.updates import Awaited, Ended


@pytest.fixture
def stream():
    return io.StringIO()


def _events(stream):
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    for event in events:
        moment = datetime.fromisoformat(event.pop("time"))
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
        assert event.pop("sweep") == "tiny-1"
    return events


def test_every_change_of_a_trial_is_an_object(trials, stream):
    listener = TrialEvents(EventLog(stream, "tiny-1"), trials)
    one, two, three = trials
    for update in (
        *(started(one), step(one, 3), evaluation(one, 3, 0.25)),
        *(started(two, 2, 4), failed(two, "exception", False, "a [/broken] picture\nof two lines")),
        *(
            Awaited(three.key, "node-3, attempt 2"),
            finished(one, 0.5, quarantined=["clip"]),
            Ended(three.key, "stopped"),
        ),
    ):
        listener.on_update(update)
    of = [{"trial": trial.key, "variant": trial.variant, "task": "s4", "seed": 0} for trial in trials]

    assert _events(stream) == [
        {"event": "started", **of[0], "step": 0, "attempt": 1, "steps": 6},
        {"event": "measured", **of[0], "step": 3, "score": 0.25, "steps": 6, "seconds_left": 30},
        {"event": "started", **of[1], "step": 4, "attempt": 2, "steps": 6},
        {
            **{"event": "failed", **of[1], "step": 4, "attempt": 1, "category": "exception", "again": False},
            "reason": "SomeError: a [/broken] picture\nof two lines",
        },
        {"event": "awaited", **of[2], "step": 0, "where": "node-3, attempt 2"},
        {"event": "finished", **of[0], "step": 6, "score": 0.5, "m_f": 0.5, "quarantined": 1},
        {"event": "ended", **of[2], "step": 0, "ending": "stopped"},
    ]


def test_sentences_become_events_whole_and_without_colours(stream):
    console = EventLog(stream, "tiny-1").console()
    console.print("[bold]" + "long " * 100, style="red")
    console.print("two\n\nlines")

    assert [event["message"] for event in _events(stream)] == [("long " * 100).strip(), "two", "lines"]
