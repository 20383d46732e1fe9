"""Wakes without the minute's tick, simultaneous ticks, and a tick without a database."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cli.invoke import Invocation, invoke
from local.paths import ROOT
from local.programs import choose_port
from tests.e2e.running import Project, RunningStack
from tracking.settings import Limits
from trigger.tick import Tick

TICK = json.loads((ROOT / "events/tick.json").read_text())
TRIGGER_TIMEOUT_S = 55  # template.yaml


def trigger(running: RunningStack, **variables: str) -> Invocation:
    """Run a separate trigger, beside the deployed one."""
    return invoke(running.state, "trigger", TICK, variables)


def test_one_tick_is_enough_because_each_end_wakes_the_next(project: Project) -> None:
    """Three times as many jobs as slots: an account that nobody has, so that they end in the middle of an execution."""
    ids = [project.add_job("sim_missing", "youtube") for _ in range(3 * Limits().per_credential)]
    with project.stack.without_schedule():
        project.stack.tick()
        ended = project.ended(ids)
    assert {(document["status"], document["attempt"]) for document in ended.values()} == {("failed", 1)}
    most = max(
        sum(other["startedAt"] <= one["startedAt"] < other["completedAt"] for other in ended.values())
        for one in ended.values()
    )
    assert most <= Limits().per_credential


@pytest.mark.nightly
def test_triggers_at_the_same_moment_start_each_job_exactly_once(project: Project) -> None:
    running = project.stack
    ids = [project.add_job("sim_missing", platform) for platform in ("youtube", "twitter") for _ in range(15)]
    with ThreadPoolExecutor(2) as pool:
        ticks = list(pool.map(lambda _: trigger(running), range(2)))
    assert [tick.payload for tick in ticks if tick.is_error] == []
    assert sum(tick.payload["started"] for tick in ticks) <= len(ids)  # a scheduled tick may have started some
    ended = project.ended(ids)
    started = [name for name in running.readable_names() if "-sim_missing-" in name]
    assert sorted(n for n in started if n.split("-", 2)[2].rpartition("-")[0] in ids) == sorted(
        f"{platform}-sim_missing-{job_id}-1"
        for platform, job_id in zip(["youtube"] * 15 + ["twitter"] * 15, ids, strict=True)
    )
    assert {(d["attempt"], d["errorCode"]) for d in ended.values()} == {(1, "AccountNotFoundError")}


def test_tick_without_a_database_fails_and_the_next_works(project: Project) -> None:
    nobody = f"127.0.0.1:{choose_port(None, 'nobody')}"
    began = time.monotonic()
    tick = trigger(project.stack, FIRESTORE_EMULATOR_HOST=nobody)
    took_s = time.monotonic() - began
    assert tick.is_error
    assert tick.payload["errorType"] == "StoreUnavailableError"
    assert took_s < TRIGGER_TIMEOUT_S
    job_id = project.add_job("sim_videos_1")
    next_tick = trigger(project.stack)
    assert not next_tick.is_error
    assert next_tick.payload.keys() == Tick().counts().keys()
    assert project.ended([job_id])[job_id]["status"] == "completed"
