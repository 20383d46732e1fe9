"""The command `tracking`: its output on stdout and stderr, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.paths import ROOT, clean_environment
from tests.e2e.running import Project, RunningStack, until

TRACKING = str(Path(sys.executable).with_name("tracking"))
KEYS = {"YOUTUBE_API_KEY": "stand-in", "X_BEARER_TOKEN": "stand-in", "APIFY_TOKEN": "stand-in"}
FETCHED = {  # as in test_main_job.py
    ("youtube", "@GoogleDevelopers"): (2_300_000, 5),
    ("twitter", "https://x.com/wunpini_fm"): (13_496, 53),
    ("instagram", "NASA"): (104_423_132, 33),
    ("tiktok", "loveluxury.com"): (None, 17),
}


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = clean_environment() | {"COLUMNS": "200"} | variables
    return subprocess.Popen(
        [TRACKING, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(command: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        output, errors = command.communicate(timeout=60)
    finally:
        command.kill()
    return subprocess.CompletedProcess(command.args, command.returncode, output, errors)


def tracking(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return ended(start(*arguments, **variables))


def fetch(running: RunningStack, *arguments: str, keys: Mapping[str, str] = KEYS) -> subprocess.CompletedProcess[str]:
    return tracking("fetch", *arguments, "--json", **running.state.environment(), **keys)


def scope(project: Project) -> list[str]:
    return ["--org", project.org_id, "--project", project.project_id]


@pytest.mark.parametrize(("platform", "username"), FETCHED)
def test_fetch_prints_the_account_and_its_videos(running: RunningStack, platform: str, username: str) -> None:
    done = fetch(running, platform, username)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result.keys() == {"account", "videos"}
    assert (result["account"]["followerCount"], len(result["videos"])) == FETCHED[platform, username]
    assert all(video["publishedAt"].endswith("Z") for video in result["videos"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["tiktok", "sim_missing"], "AccountNotFoundError"),
        (["twitter", "sim_suspended"], "AccountSuspendedError"),
        (["instagram", "sim_private"], "AccountPrivateError"),
        (["myspace", "tom"], "InvalidJobError"),
    ],
)
def test_fetch_tells_an_error_as_one_json_object(running: RunningStack, arguments: list[str], error: str) -> None:
    done = fetch(running, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    told = json.loads(done.stderr)
    assert told.keys() == {"error", "message"}
    assert told["error"] == error
    assert told["message"].endswith(".")


def test_fetch_without_a_key_says_which(running: RunningStack) -> None:
    done = fetch(running, "youtube", "GoogleDevelopers", keys={"YOUTUBE_API_KEY": ""})
    assert done.returncode == 1
    assert json.loads(done.stderr) == {"error": "CredentialsError", "message": "YOUTUBE_API_KEY is not set."}


def test_track_watches_a_job_to_its_end(project: Project) -> None:
    command = start("track", "sim_videos_1", "--platform", "youtube", "--watch", *scope(project))
    try:
        job_id = until(lambda: next(iter(project.job_ids()), None), "no job was created", limit_s=30)
        project.stack.tick()
    finally:
        done = ended(command)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(job_id)
    assert "100%" in done.stdout
    assert project.stack.job(job_id)["status"] == "completed"


def test_a_job_is_cancelled_once_and_can_be_retried(project: Project) -> None:
    job_id = project.add_job("sim_slow_5")  # the tick of the minute may start it before the command does
    cancelled = tracking("cancel", job_id)
    assert (cancelled.returncode, cancelled.stdout) == (0, f"{job_id} cancelled.\n")
    assert project.stack.job(job_id)["status"] == "cancelled"
    again = tracking("cancel", job_id)
    assert (again.returncode, again.stderr) == (1, "The job is cancelled; it cannot be cancelled.\n")
    assert tracking("retry", job_id).returncode == 0
    project.stack.tick()
    assert project.ended([job_id])[job_id]["status"] == "completed"


def test_watching_a_job_that_fails_is_a_failure(project: Project) -> None:
    job_id = project.add_job("sim_missing", status="failed", error="There is no such account.")
    assert tracking("watch", job_id).returncode == 1


def test_retry_command_starts_a_new_attempt_and_execution(project: Project) -> None:
    job_id = project.add_job("sim_missing")
    project.stack.tick()
    project.ended([job_id])
    assert tracking("retry", job_id).returncode == 0
    project.stack.tick()
    assert project.ended([job_id])[job_id]["attempt"] == 2
    names = [name for name in project.stack.readable_names() if job_id in name]
    assert sorted(names) == [f"youtube-sim_missing-{job_id}-{attempt}" for attempt in (1, 2)]


def test_list_shows_the_jobs_of_a_project_by_status(project: Project) -> None:
    failed = project.add_job("sim_missing", status="failed", message="There is no such account.")
    completed = project.add_job("sim_videos_1", status="completed")
    everything = tracking("list", *scope(project)).stdout
    assert failed in everything
    assert completed in everything
    only_failed = tracking("list", *scope(project), "--status", "failed").stdout
    assert failed in only_failed
    assert completed not in only_failed
    assert tracking("list", "--org", f"{project.org_id}-none").stdout == "No jobs.\n"


def test_cleanup_deletes_jobs_that_ended_long_ago_and_no_others(project: Project) -> None:
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)
    old = project.add_job("sim_videos_1", status="completed", completedAt=long_ago)
    old_and_at_work = project.add_job("sim_videos_1", status="processing", createdAt=long_ago, completedAt=long_ago)
    young = project.add_job("sim_videos_1", status="completed", createdAt=long_ago)
    done = tracking("cleanup", "--older-than", "9999d", "--yes")  # 27 years, so that no other job is deleted
    assert (done.returncode, done.stdout) == (0, "1 job deleted.\n")
    assert project.job_ids() == {old_and_at_work, young}
    assert project.stack.store.get_job(old) is None


@pytest.mark.parametrize("command", ["watch", "cancel", "retry"])
def test_a_job_that_is_not_there_is_told_in_a_sentence(running: RunningStack, command: str) -> None:
    done = tracking(command, "no-such-job")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_status_lists_the_parts_of_the_stack(running: RunningStack) -> None:
    done = tracking("local", "status")
    assert done.returncode == 0
    for name, part in running.state.parts.items():
        assert next(line for line in done.stdout.splitlines() if line.startswith(name)).split()[1] == "running"
        assert part.address in done.stdout
