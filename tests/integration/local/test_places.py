"""Tick and kick while there are more slow jobs than the local stack has places for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local import aws, stack
from tests.e2e.running import Project, RunningStack, until
from tracking.jobs import Status

QUICK_S = 10.0  # longer than a cold start on a busy machine, shorter than the slow jobs' states


@pytest.fixture
def without_ticks(running: RunningStack) -> Iterator[None]:
    """Switch the schedule off for the test, since a scheduled tick would take a place, too."""
    with running.without_schedule():
        yield


@pytest.mark.nightly
@pytest.mark.usefixtures("without_ticks")
def test_slow_jobs_leave_places_to_tick_and_kick(running: RunningStack) -> None:
    lambdas = aws.client("lambda", running.state.aws())
    throttled = lambdas.exceptions.TooManyRequestsException
    states = running.names["ProcessFunctionName"].removesuffix(f":{aws.ALIAS}")  # as the machine calls it here
    project = Project(running)
    for platform in ("youtube", "twitter", "instagram"):
        for _ in range(8):
            project.add_job("sim_slow_12", platform)
    _kick(running)  # warms the kick: a cold start among sixteen others would wait for the processor, not for a place
    running.tick()

    def is_full() -> bool | None:
        try:
            lambdas.invoke(FunctionName=states, Payload=b"{}")
        except throttled:
            return True
        return None

    until(is_full, "the states did not take all of their places", every_s=0.05)
    ticks_s = [_took_s(lambdas, running.names["TriggerFunctionName"]) for _ in range(3)]
    kicked = project.add_job("sim_videos_1", "tiktok")
    began = time.monotonic()
    _kick(running)

    def is_claimed() -> bool | None:
        return running.job(kicked)["status"] != Status.PENDING or None

    until(is_claimed, "the kicked job was not claimed", QUICK_S, every_s=0.05)
    kick_s = time.monotonic() - began
    assert is_full()
    assert max(*ticks_s, kick_s) < QUICK_S


def _kick(running: RunningStack) -> None:
    url, secret = stack.trigger_url(running.state), {"X-Trigger-Secret": "stand-in"}
    assert httpx.post(url, headers=secret, trust_env=False, timeout=60).status_code == 202


def _took_s(lambdas: Any, trigger: str) -> float:
    """Return the seconds that a tick takes. It fails when the tick finds no place."""
    began = time.monotonic()
    answer = lambdas.invoke(FunctionName=trigger, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    return time.monotonic() - began
