"""Every event of `events/`, run as `make invoke` runs it: AWS's emulator and runtime client, the layer, real parts.

The events of one job are run in the order of its states, for each needs what the one before it staged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore_v1 import Client

from local import aws, build, process
from local.invoke import Invocation, invoke
from local.paths import ROOT, clean_environment
from local.stack import platform_urls
from tests.factories import job_document

EVENTS = ROOT / "events"
BUCKET = "staging-of-the-events"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The simulator and MiniStack, as the variables by which a function finds them."""
    folder = tmp_path_factory.mktemp("parts")
    ports = [process.choose_port(None, "a part of the test") for _ in range(2)]
    simulator, ministack = (f"http://127.0.0.1:{port}" for port in ports)
    simulate = [str(ROOT / ".venv/bin/python"), "-m", "local.simulator", "--port", str(ports[0])]
    running = [process.start(simulate, clean_environment(), folder / "simulator.log", folder=ROOT)]
    try:
        environment = aws.ministack_environment(ports[1], folder)
        running.append(process.start(aws.command(), environment, folder / "aws.log", folder=folder))
        for part, health in zip(running, (f"{simulator}/healthz", f"{ministack}/_ministack/health"), strict=True):
            process.wait_until_ready(health, part, lambda url=health: aws.answers(url), folder / "aws.log", 30)
        aws.client("s3", ministack).create_bucket(Bucket=BUCKET)
        build.build()
        aws.put_secrets(ministack, dict.fromkeys(build.secret_names(), "stand-in"))
        yield platform_urls(simulator) | aws.client_environment(ministack) | {"STAGING_BUCKET": BUCKET}
    finally:
        for part in running:
            part.stop()


@pytest.fixture
def run(
    parts: dict[str, str], emulator: str, firestore_client: Callable[[], Client]
) -> Callable[..., tuple[Invocation, dict[str, Any]]]:
    """Runs one event against a project of this test's own; answers with the job's document as it is then."""
    client = firestore_client()
    variables = parts | {"FIRESTORE_EMULATOR_HOST": emulator, "GOOGLE_CLOUD_PROJECT": client.project}
    variables["STATE_MACHINE_ARN"] = "arn:aws:states:us-east-1:000000000000:stateMachine:none-is-started"

    def run(name: str, timeout_s: int | None = None) -> tuple[Invocation, dict[str, Any]]:
        event = json.loads((EVENTS / name).read_text())
        if "job" not in event:
            return invoke("trigger", event, variables, timeout_s), {}
        document = client.collection("trackingJobs").document(event["job"]["jobId"])
        if not document.get().exists:
            document.set(claimed(event["job"]))
        return invoke("process", event, variables, timeout_s), document.get().to_dict() or {}

    return run


def claimed(work: dict[str, Any]) -> dict[str, Any]:
    """A job's document as the trigger leaves it."""
    named = {name: work[name] for name in ("orgId", "projectId", "userId", "username", "platform")}
    now = datetime.now(UTC)
    return job_document(**named, status="processing", attempt=work["attempt"], startedAt=now, leaseUntil=now)


Run = Callable[..., tuple[Invocation, dict[str, Any]]]


def test_the_events_of_one_job_carry_it_from_claim_to_completion(run: Run) -> None:
    for name, progress in (
        ("fetch-account.json", 30),
        ("save-account.json", 50),
        ("fetch-videos.json", 70),
        ("save-videos.json", 100),
    ):
        answer, job = run(name)
        assert not answer.is_error, f"{name}: {answer.payload}\n{answer.log}"
        assert job["progress"] == progress
    assert job["status"] == "completed"
    assert answer.payload["videosFetched"] == 5


def test_an_unknown_account_is_an_error_by_its_class_name(run: Run) -> None:
    answer, job = run("fetch-account-missing.json")
    assert answer.is_error
    assert answer.payload["errorType"] == "AccountNotFoundError"
    assert job["status"] == "processing"  # it is FailJob that says so to the user


def test_a_failed_state_ends_as_a_failed_job(run: Run) -> None:
    answer, job = run("fail-job.json")
    assert not answer.is_error, answer.payload
    assert (job["status"], job["errorCode"]) == ("failed", "AccountNotFoundError")


def test_a_slow_platform_ends_in_lambdas_own_time_out(run: Run) -> None:
    answer, _ = run("fetch-account-slow.json", timeout_s=3)
    assert answer.is_error
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 3.00 seconds" in answer.payload["errorMessage"]


def test_a_tick_with_nothing_to_do_starts_nothing(run: Run) -> None:
    answer, _ = run("tick.json")
    assert not answer.is_error, answer.log
    assert answer.payload["started"] == 0


def test_every_event_is_run_by_a_test() -> None:
    text = Path(__file__).read_text()
    assert [event.name for event in EVENTS.glob("*.json") if f'"{event.name}"' not in text] == []
