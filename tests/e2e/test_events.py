"""Every file of `events/`, run on the running stack in the same way as by `make invoke`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from cli.invoke import Invocation, invoke, seed
from local import aws
from local.paths import ROOT, clean_environment
from notify.delivering import Done
from process import states
from tests.e2e.running import RunningStack
from tracking import pauses
from tracking.jobs import PlatformName
from tracking.sentences import from_cause, say
from tracking.store import JOBS, account_path

CHAIN = {re.sub(r"\B([A-Z])", r"-\1", state.name).lower(): state.reaches for state in states.CHAIN}
"""The file name of each state's event, and the progress after the state."""
ENDED = {"execution-aborted", "execution-failed", "execution-timed-out"}
OF_PICTURES = {"pictures"}  # its function is off by default; tests/integration/test_template.py reads the event
ANSWERS = {  # of what tells news, by the function and its event
    ("WebhooksApiFunction", "webhook-secret"): {"statusCode": 401},  # the token is a stand-in
    ("WebhooksApiFunction", "webhooks-wake"): {"statusCode": 401},
    ("UnsubscribeFunction", "unsubscribe"): {"statusCode": 200},  # it says nothing about the link
    ("FeedbackFunction", "ses-bounce"): {"bounce": 1, "complaint": 0},
    ("FeedbackFunction", "ses-complaint"): {"bounce": 0, "complaint": 1},
}
OTHERS = (
    ENDED
    | OF_PICTURES
    | {"news"}
    | {event for _, event in ANSWERS}
    | {"fail-job", "fetch-account-missing", "fetch-account-slow", "kick", "save-some-videos", "tick", "wake"}
)
YOUTUBE = account_path("demo-org", "demo-project", "youtube_UC_x5XG1OV2P6uZZ5FSM9Ttw")


def event_of(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "events" / f"{name}.json").read_text()))


def process(running: RunningStack, name: str, timeout_s: int | None = None, **variables: str) -> Invocation:
    event = seed(running.client, event_of(name))
    return invoke(running.state, "process", event, variables, timeout_s)


def forget(running: RunningStack, job_id: str) -> None:
    running.client.collection(JOBS).document(job_id).delete()


def staged_by_claim(running: RunningStack, job_id: str) -> list[str]:
    """Return the staging objects of the job's claim. Earlier runs on this stack may have left others."""
    execution = running.job(job_id)["executionArn"].rpartition(":")[2]
    return [key for key in running.staged(job_id) if key.startswith(execution)]


def test_every_event_is_run_here() -> None:
    assert CHAIN.keys() | OTHERS == {file.stem for file in (ROOT / "events").iterdir()}


def test_sample_events_take_a_job_from_its_claim_to_its_end(running: RunningStack) -> None:
    """There is one event per state; each is invoked in turn."""
    forget(running, "event-youtube")
    for name, progress in CHAIN.items():
        answer = process(running, name)
        assert not answer.is_error, answer.payload
        assert answer.payload["jobId"] == "event-youtube"
        assert running.job("event-youtube")["progress"] == progress
        if name == "fetch-videos":
            assert staged_by_claim(running, "event-youtube")
    job = running.job("event-youtube")
    assert job["status"] == "completed"
    assert len(running.store.get_documents(f"{YOUTUBE}/videos")) == 5
    assert staged_by_claim(running, "event-youtube") == []


def test_an_errors_class_name_reaches_the_caller(running: RunningStack) -> None:
    answer = process(running, "fetch-account-missing")
    assert answer.is_error
    assert answer.payload["errorType"] == "AccountNotFoundError"
    sentence = from_cause(answer.payload["errorMessage"])
    assert sentence == say("accountNotFound", service="YouTube", account="nobody_has_this_name")
    assert "state failed" in answer.log


def test_a_failed_job_is_told_to_its_user_and_to_the_machine(running: RunningStack) -> None:
    forget(running, "event-missing")
    answer = process(running, "fail-job")
    sentence = "YouTube has no account named nobody_has_this_name."
    assert answer.payload == {"error": "AccountNotFoundError", "cause": sentence, "isRecorded": True}
    assert running.job("event-missing")["error"] == sentence


@pytest.mark.parametrize("name", sorted(ENDED))
def test_an_execution_that_ended_without_a_word_fails_its_job(running: RunningStack, name: str) -> None:
    forget(running, "job1")
    event = seed(running.client, event_of(name))
    for is_recorded in (True, False):  # the event may come twice
        answer = invoke(running.state, "reconcile", event)
        assert answer.payload == {"isRecorded": is_recorded}
    assert running.job("job1")["status"] == "failed"
    assert running.job("job1")["error"]


def test_a_function_that_takes_too_long_is_stopped(running: RunningStack) -> None:
    answer = process(running, "fetch-account-slow", timeout_s=3)
    assert answer.is_error
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert running.job("event-slow")["progress"] == 0


@pytest.mark.parametrize("event", ["tick", "wake"])
def test_a_tick_tells_what_it_did(running: RunningStack, event: str) -> None:
    answer = invoke(running.state, "trigger", event_of(event))
    assert not answer.is_error
    counts = {"started", "repaired", "malformed", "held", "lost", "unwritable", "refused", "unknown"}
    assert answer.payload.keys() == counts


def test_a_kick_is_accepted_and_says_nothing_else(running: RunningStack) -> None:
    answer = invoke(running.state, "KickFunction", event_of("kick"))
    assert not answer.is_error
    assert (answer.payload["statusCode"], answer.payload["body"]) == (202, "{}")


def test_run_of_the_sender_tells_what_it_did(running: RunningStack) -> None:
    answer = invoke(running.state, "NotifyFunction", event_of("news"))
    assert not answer.is_error
    assert answer.payload.keys() == Done().counts().keys()


@pytest.mark.parametrize(("function", "event"), list(ANSWERS))
def test_functions_of_news_answer_their_events(running: RunningStack, function: str, event: str) -> None:
    answer = invoke(running.state, function, event_of(event))
    assert not answer.is_error, answer.payload
    expected = ANSWERS[function, event]
    assert {name: answer.payload[name] for name in expected} == expected


def test_refused_platform_key_pauses_the_platform(running: RunningStack) -> None:
    """The key itself is in neither the log nor the reply. The pause is cleared afterwards, for the other tests."""
    aws.put_secrets(running.state.aws(), {"tests/wrong-key": "wrong-key"})
    try:
        answer = process(running, "fetch-account", YOUTUBE_API_KEY_SECRET="tests/wrong-key")
        assert answer.payload["errorType"] == "JobPausedError"
        assert "wrong-key" not in answer.log + json.dumps(answer.payload)
        assert '"action":"credentials_refused"' in answer.log
        assert running.job("event-youtube")["status"] == "pending"
        control = pauses.from_document(running.store.get_document(pauses.CONTROL_DOCUMENT))
        assert control[PlatformName.YOUTUBE].reason == "CredentialsError"
    finally:
        forget(running, "event-youtube")
        running.store.put_document(pauses.clearing(PlatformName.YOUTUBE))


def test_sample_event_of_a_chunk_saves_it_and_ends_no_job(running: RunningStack) -> None:
    forget(running, "event-youtube")
    for name in ("fetch-account", "save-account", "fetch-videos"):
        process(running, name)
    fields = {"progress": 50, "claimProgress": 50}  # as FetchVideos leaves it while more is to come
    running.client.collection(JOBS).document("event-youtube").update(fields)
    answer = process(running, "save-some-videos")
    assert not answer.is_error, answer.payload
    assert (answer.payload["videosSaved"], answer.payload["chunk"]) == (5, 2)
    job = running.job("event-youtube")
    assert (job["status"], job["message"]) == ("processing", "5 of about 5,783 posts saved; going on.")


@pytest.mark.parametrize("event", ["tick", "fetch-account"])
def test_sample_event_runs_by_hand_on_a_fresh_stack(running: RunningStack, event: str) -> None:
    """The stack has never seen the event's job."""
    forget(running, "event-youtube")
    function = "trigger" if event == "tick" else "process"
    command = [sys.executable, "-m", "cli.invoke", function, f"events/{event}.json"]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)
