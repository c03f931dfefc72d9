"""Sweeps of the real command in a bucket: an endpoint that goes away, a killed driver, two drivers at once."""

from __future__ import annotations

import time

import pytest

from tests.faults.bucket_sweep import BucketSweep
from tests.faults.fault_report import note
from tests.faults.invariants import check_equal
from tests.faults.watched_sweep import CHECKPOINT_EVERY, PAIR, THREE_TRIALS, ended, kill
from tests.servers.proxy import proxy
from tests.servers.s3 import s3_server

pytestmark = pytest.mark.minutes
OUTAGE_SECONDS = 20
LOST = f"fewer than {CHECKPOINT_EVERY} steps, those since the last checkpoint"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An S3 server that checks signatures; this process uses it from now on."""
    with s3_server() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        patch.setenv("COMBO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield running


@pytest.fixture(scope="module")
def new_sweep(server, new_combo, tmp_path_factory):
    """Makes a sweep in a bucket, with a cache as on a machine of its own."""

    def make(*words, bucket=None, endpoint=None):
        address = f"s3://{bucket or server.new_bucket()}/my/trials"
        environment = server.environment(endpoint)
        cache = str(tmp_path_factory.mktemp("cache"))
        combo = new_combo(COMBO_STORAGE=address, **{**environment, "COMBO_CACHE": cache})
        return BucketSweep(combo, address, *words)

    return make


@pytest.fixture(scope="module")
def outage(server, new_sweep):
    """Three trials whose endpoint goes away in the middle of an upload, and comes back."""
    with proxy(server.endpoint) as between:
        sweep = new_sweep(THREE_TRIALS, endpoint=between.address)
        process = sweep.start()
        sweep.wait_for_step("lambda-0", 1, CHECKPOINT_EVERY)
        seconds = _go_away_in_mid_upload(between, sweep, "lambda-0")
        note("F23", f"S3 away for {OUTAGE_SECONDS} s in mid-upload", "nothing", seconds)
        run = ended(process)
        sweep.fetch_all()
        yield sweep, run


@pytest.fixture(scope="module")
def group(server, new_sweep):
    """A group of two workers whose endpoint goes away; later its driver is killed, and the same command run again."""
    with proxy(server.endpoint) as between:
        sweep = new_sweep(*PAIR, endpoint=between.address)
        process = sweep.start()
        sweep.wait_for_step("pair", 1, CHECKPOINT_EVERY)
        seconds = _go_away_in_mid_upload(between, sweep, "pair")
        note("F23", f"S3 away for {OUTAGE_SECONDS} s, two workers", "nothing", seconds)
        sweep.wait_for_step("pair", 1, 30)
        kill(process.pid)
        killed = ended(process)
        began = time.monotonic()
        process = sweep.start()
        sweep.recovered_after("pair", 2)
        note("F2", "kill -9 of the driver, stored in S3, two workers", LOST, time.monotonic() - began)
        run = ended(process)
        sweep.fetch_all()
        yield sweep, killed, run


@pytest.fixture(scope="module")
def two_drivers(server, new_sweep):
    """The same sweep started twice at once, on what could be two machines; who has the first trial is killed."""
    bucket = server.new_bucket()
    sweeps = [new_sweep(THREE_TRIALS, bucket=bucket) for _ in range(2)]
    drivers = [sweep.start() for sweep in sweeps]
    sweeps[0].wait_for_step("lambda-0", 1, CHECKPOINT_EVERY)
    holder = _pid(sweeps[0].attempts("lambda-0")[0])
    doomed = next(place for place, sweep in enumerate(sweeps) if holder in sweep.combo.processes())
    kill(drivers[doomed].pid)
    ended(drivers[doomed])
    survivor = sweeps[1 - doomed]
    seconds = survivor.recovered_after("lambda-0", 2)
    note("F14", "two drivers at once in S3, one killed", LOST, seconds)
    run = ended(drivers[1 - doomed])
    survivor.fetch_all()
    return survivor, run


def test_f23_a_sweep_outlasts_an_endpoint_that_is_away(outage):
    sweep, run = outage

    assert run.returncode == 0, run.stdout + run.stderr
    assert [len(sweep.attempts(variant)) for variant in sweep.keys] == [1, 1, 1]
    assert "Traceback" not in run.stdout + run.stderr


def test_f23_what_is_stored_and_reported_equals_a_run_in_a_folder_without_the_outage(outage, undisturbed):
    check_equal(outage[0], undisturbed)


def test_f23_a_group_of_workers_outlasts_an_endpoint_that_is_away(group):
    sweep, killed, _ = group

    assert "failed" not in killed.stdout
    assert sweep.steps("pair", 1)[-1] >= 30


def test_f2_a_sweep_in_a_bucket_continues_when_its_driver_was_killed(group, undisturbed_pair):
    sweep, _, run = group

    assert run.returncode == 0, run.stdout + run.stderr
    assert len(sweep.attempts("pair")) == 2
    assert sweep.steps("pair", 2)[0] > 30
    check_equal(sweep, undisturbed_pair)


def test_f14_of_two_drivers_in_one_bucket_the_survivor_takes_over(two_drivers, undisturbed):
    sweep, run = two_drivers

    assert run.returncode == 0, run.stdout + run.stderr
    assert len(sweep.attempts("lambda-0")) == 2
    check_equal(sweep, undisturbed)


def test_f14_no_trial_runs_twice_at_the_same_time(two_drivers):
    sweep, _ = two_drivers
    for variant in sweep.keys:
        times = [[line.time for line in sweep.trial(variant).metric_lines() if line.attempt == n] for n in (1, 2)]
        assert not times[1] or max(times[0], default=0.0) < min(times[1])


def test_f23_refused_credentials_end_the_command_at_once_with_one_line(server, new_combo):
    address = f"s3://{server.new_bucket()}/my/trials"
    combo = new_combo(COMBO_STORAGE=address, **server.environment(secret="wrong+secret/0123456789"))
    began = time.monotonic()
    run = combo("run", THREE_TRIALS)

    assert time.monotonic() - began < 10
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"error: storage '{address}': {server.endpoint} refuses the credentials")
    assert "wrong+secret" not in run.stdout + run.stderr


def _go_away_in_mid_upload(between, sweep, variant):
    """Seconds from the end of the outage until the trial has stored its next steps."""
    before, end = between.received, time.monotonic() + 60
    while between.received < before + 2**20:
        assert time.monotonic() < end
        time.sleep(0.005)
    between.refuse()
    time.sleep(OUTAGE_SECONDS)
    stored = sweep.steps(variant, 1)[-1]
    between.heal()
    began = time.monotonic()
    sweep.wait_for_step(variant, 1, stored + 1)
    return time.monotonic() - began


def _pid(attempt):
    return int(attempt.process.split("/")[-2])
