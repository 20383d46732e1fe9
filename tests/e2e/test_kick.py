"""`POST /trigger` of the running stack: accepted and refused callers, and jobs that start at once and only once."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local import auth, stack
from local.firestore import PROJECT
from tests.e2e.running import Project, RunningStack, until
from tracking.jobs import Status

SECRET = {"X-Trigger-Secret": "stand-in"}  # the value of every secret in the stack
AT_ONCE_S = 10.0  # far below the minute of the schedule, yet enough for a cold start and a retry of Lambda's queue


def kick(running: RunningStack, headers: dict[str, str], method: str = "POST", path: str = "") -> httpx.Response:
    return httpx.request(method, stack.trigger_url(running.state) + path, headers=headers, trust_env=False, timeout=90)


def started(running: RunningStack, job_id: str) -> dict[str, Any]:
    def begun() -> dict[str, Any] | None:
        document = running.job(job_id)
        return document if document["status"] != Status.PENDING else None

    return until(begun, f"{job_id} was not started", AT_ONCE_S, every_s=0.02)


def sign_in(running: RunningStack) -> str:
    """Sign the demo's user in as the page does, and return the ID token."""
    url = f"{running.state.auth()}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local"
    asked = {"email": auth.USERS[0].email, "password": auth.PASSWORD, "returnSecureToken": True}
    answer = httpx.post(url, json=asked, trust_env=False).raise_for_status()
    return str(answer.json()["idToken"])


def token(**changes: Any) -> str:
    """Return an unsigned token, such as emulators issue."""
    now = int(time.time())
    claims = {"iss": f"https://securetoken.google.com/{PROJECT}", "aud": PROJECT, "sub": "nobody", "iat": now}
    parts = ({"alg": "none", "typ": "JWT"}, claims | {"exp": now + 3600} | changes)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def test_a_signed_in_user_has_a_job_started_at_once(project: Project) -> None:
    job_id = project.add_job("sim_videos_1")
    answer = kick(project.stack, {"Authorization": f"Bearer {sign_in(project.stack)}"})
    assert (answer.status_code, answer.json()) == (202, {})
    assert started(project.stack, job_id)["attempt"] == 1
    assert project.ended([job_id])[job_id]["status"] == Status.COMPLETED


def test_kick_with_the_secret_starts_a_job_at_once(project: Project) -> None:
    for headers in (SECRET, {"Authorization": "bearer stand-in"}):
        job_id = project.add_job("sim_missing")
        assert kick(project.stack, headers).status_code == 202
        assert started(project.stack, job_id)["attempt"] == 1


STRANGERS = {
    "without credentials": {},
    "with another secret": {"X-Trigger-Secret": "wrong"},
    "with another bearer": {"Authorization": "Bearer wrong"},
    "with a password": {"Authorization": "Basic c3RhbmQtaW46c3RhbmQtaW4="},
    "with a token for another project": {"Authorization": f"Bearer {token(aud='other')}"},
    "with a token of a user who is gone": {"Authorization": f"Bearer {token()}"},
    "with rubbish": {"Authorization": "Bearer a.b.c"},
}


def test_refused_kicks_all_get_the_same_answer(running: RunningStack) -> None:
    answers = {who: kick(running, headers) for who, headers in STRANGERS.items()}
    assert {who: answer.status_code for who, answer in answers.items()} == dict.fromkeys(STRANGERS, 401)
    seen = {(answer.content, tuple(sorted(answer.headers.keys()))) for answer in answers.values()}
    assert len(seen) == 1
    assert next(iter(answers.values())).content == b"{}"


def test_kick_of_another_route_or_secret_in_query_is_refused(running: RunningStack) -> None:
    assert kick(running, SECRET, method="GET").status_code == 404
    assert kick(running, SECRET, path="/jobs").status_code == 404
    assert kick(running, {}, path="?x-trigger-secret=stand-in&token=stand-in").status_code == 401


def test_kicks_and_ticks_at_the_same_moment_start_each_job_once(project: Project) -> None:
    running = project.stack
    ids = [project.add_job("sim_missing") for _ in range(8)]
    with ThreadPoolExecutor(6) as pool:
        kicks = [pool.submit(kick, running, SECRET) for _ in range(4)]
        ticks = [pool.submit(running.tick) for _ in range(2)]
    # MiniStack answers 429 when its places are taken, as the gateway does above its limits.
    assert {answer.result().status_code for answer in kicks} <= {202, 429}
    assert all(tick.result()["refused"] == 0 for tick in ticks)
    ended = project.ended(ids)
    assert {document["attempt"] for document in ended.values()} == {1}
    names = [name for name in running.readable_names() if any(job_id in name for job_id in ids)]
    assert sorted(names) == sorted(f"youtube-sim_missing-{job_id}-1" for job_id in ids)


def test_a_kick_that_finds_a_tick_at_work_is_not_lost(project: Project) -> None:
    """Each job is created after the earlier tick has read the queue, so the job needs a new tick."""
    for _ in range(6):
        job_id = project.add_job("sim_missing")
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: kick(project.stack, SECRET).status_code, range(3)))
        assert 202 in answers
        started(project.stack, job_id)


def test_pages_of_the_configured_origin_may_kick_and_no_others(running: RunningStack) -> None:
    ours = running.state.page()
    if ours is None:
        pytest.skip("no demo page without Node, so no origin is allowed")
    wants = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = kick(running, wants | {"Origin": ours}, method="OPTIONS")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ours
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert kick(running, SECRET | {"Origin": ours}).headers["access-control-allow-origin"] == ours
    for origin in ("https://evil.example", f"{ours}.evil.example", "null"):
        assert "access-control-allow-origin" not in kick(running, wants | {"Origin": origin}, method="OPTIONS").headers
        assert "access-control-allow-origin" not in kick(running, SECRET | {"Origin": origin}).headers
