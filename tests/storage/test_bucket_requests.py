"""How often an S3 server is asked, counted where requests leave this process for it."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from experiments.expand import expand
from orchestrator.storage import s3
from orchestrator.store.store import Store
from orchestrator.trial.provenance import protocols_of_today
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment

TRIALS = [trial.on_data(FINGERPRINT) for trial in expand(make_experiment())][:4]
PAGE = 20
"""Objects that a request lists here."""


@pytest.fixture
def asked(bucket, monkeypatch):
    """The requests since the last call: method, key or prefix."""
    monkeypatch.setattr(s3, "PAGE", PAGE)
    sent = []

    def note(request, **_):
        url = urlsplit(request.url)
        key = unquote(url.path).partition(f"/{bucket.bucket}/")[2]
        sent.append((request.method, key or parse_qs(url.query).get("prefix", [""])[0]))

    def taken():
        found, sent[:] = sent[:], []
        return found

    events = s3._client().meta.events
    events.register("before-send.s3", note)
    yield taken
    events.unregister("before-send.s3", note)


@pytest.fixture
def stored(bucket):
    """Four finished trials with their training states among the documents of fifty others."""
    fake = Storage(bucket.root)
    for trial in TRIALS:
        folder = fake.finish(trial, 0.7, 0.8, protocols_of_today()["s4"])
        for state in ("step-00000100", "step-00000200"):
            (folder / "checkpoints" / state).mkdir(parents=True)
            for file in ("model.safetensors", "manifest.json"):
                (folder / "checkpoints" / state / file).write_text("{}")
        (folder / "attempts").mkdir(exist_ok=True)
        (folder / "attempts/1.json").write_text("{}")
    bucket.publish("trials")
    others = [f"trials/{number:016x}/{file}" for number in range(50) for file in ("trial.json", "result.json")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: bucket.write(name, b"{}"), others))
    return bucket


def test_the_state_of_four_trials_is_asked_for_trial_by_trial(stored, asked, command, tmp_path, monkeypatch):
    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "of another machine"))
    asked()
    counts = []
    for _ in range(2):
        said = command("status", *(trial.key for trial in TRIALS), "--storage", stored)
        assert said.out.count("finished") > len(TRIALS), said.err
        counts.append(asked())

    first, again = counts
    assert len(first) <= 5 * len(TRIALS)
    assert not [key for _, key in first if "/checkpoints/" in key]
    assert len(again) <= 2 * len(TRIALS) + 1


def test_a_look_at_all_trials_lists_them_once_and_gets_only_what_has_changed(stored, asked):
    others = Store(stored.for_worker())
    others.refresh()
    stored.write("trials/0000000000000007/result.json", b"{ }")
    asked()
    others.refresh()

    requests = asked()
    brought = [key for method, key in requests if "/0000000000000007/" in key]
    assert brought == [f"{stored.prefix}/trials/0000000000000007/result.json"]
    pages = len(stored.sizes("trials")) / PAGE
    assert len(requests) <= pages + len("0123456789abcdef") + 4
    assert (others.root / brought[0].removeprefix(f"{stored.prefix}/")).read_bytes() == b"{ }"


@pytest.mark.usefixtures("asked")
def test_a_list_that_is_asked_for_in_parts_is_whole(bucket):
    first = ["", *"/.-_0019afAFgz~", "é", "\U0001f600"]
    names = {f"trials{start if start.startswith('/') else '/' + start}x/{n}" for start in first for n in range(3)}
    names = {name for name in names if "//" not in name and not name.startswith("trials/.")} | {"trials-not"}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: bucket.write(name, b""), sorted(names)))

    assert set(bucket.sizes("trials")) == {name for name in names if name.startswith("trials/")}
