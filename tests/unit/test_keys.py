"""Keys that are changed while jobs run, and keys that are wrong: the secret's age, the renewal, the pause."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest

from bench.lambda_context import FakeContext
from local.simulator import in_process
from local.simulator.messages import WRONG_KEY
from process import app
from tests.doubles import START, FakePlatform
from tests.factories import account, videos
from tests.harness import CHAIN, Harness
from tests.metrics import printed_metrics
from tests.secrets_double import Secrets
from tests.simulated import World
from tracking import outcomes, pauses, refusals, wiring
from tracking.errors import CredentialsError, JobPausedError, StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.kick_auth import Caller, Callers, RefusedError
from tracking.pauses import CONTROL_DOCUMENT
from tracking.platforms import Platform, Setup
from tracking.secrets_manager import ASK_AGAIN_S, KEPT_S, REREAD_AFTER_S, secret
from tracking.sentences import Sentence, say

ALL = [str(name) for name in PlatformName]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    return Secrets.installed(monkeypatch, key="old")


# The age of a secret


def test_a_changed_secret_is_used_after_five_minutes(secrets: Secrets) -> None:
    assert KEPT_S == 300
    assert secret("key") == "old"
    secrets.values["key"] = "new"
    secrets.now_s += KEPT_S - 1
    assert secret("key") == "old"
    secrets.now_s += 1
    assert secret("key") == "new"
    assert len(secrets.reads) == 2


def test_a_refused_secret_is_read_again_at_once(secrets: Secrets) -> None:
    secret("key")
    secrets.values["key"] = "new"
    assert secret("key", "old") == "new"
    assert secret("key") == "new"
    assert len(secrets.reads) == 2


def test_a_secret_that_stays_wrong_costs_few_reads(secrets: Secrets) -> None:
    secret("key")
    for _ in range(100):
        assert secret("key", "old") == "old"
    assert len(secrets.reads) == 2
    secrets.now_s += REREAD_AFTER_S
    secret("key", "old")
    assert len(secrets.reads) == 3


def test_a_value_that_another_thread_renewed_is_not_read(secrets: Secrets) -> None:
    secret("key")
    secrets.values["key"] = "new"
    secret("key", "old")
    assert secret("key", "old") == "new"
    assert len(secrets.reads) == 2


def test_without_secrets_manager_the_last_value_goes_on(secrets: Secrets) -> None:
    secret("key")
    secrets.is_away = True
    secrets.now_s += KEPT_S
    assert [secret("key"), secret("key")] == ["old", "old"]
    assert len(secrets.reads) == 2  # the second call did not wait for an answer again
    secrets.is_away = False
    secrets.values["key"] = "new"
    secrets.now_s += ASK_AGAIN_S
    assert secret("key") == "new"


def test_a_secret_never_read_cannot_be_replaced(secrets: Secrets) -> None:
    secrets.is_away = True
    with pytest.raises(StoreUnavailableError):
        secret("key")


# Keys that are changed under load


class KeyedWorld(World):
    """A world whose platforms accept one key. After every `rotate_every` requests another one is valid.

    `is_late`: the secret is changed only by `renew`, so that the key is wrong until then.
    """

    def __init__(self, secrets: Secrets, rotate_every: int, *, is_late: bool = False) -> None:
        super().__init__()
        self.secrets, self.rotate_every, self.is_late = secrets, rotate_every, is_late
        self.valid = "old"
        self.refused = 0

    def _build(self, name: PlatformName) -> Platform:
        setup = Setup(
            http=self._http,
            settings=in_process.SETTINGS,
            key=lambda: secret("key"),
            clock=self.clock,
            key_after=lambda refused: secret("key", refused),
        )
        built: Platform = import_module(f"tracking.platforms.{name}").build(setup)
        return built

    def renew(self) -> None:
        self.secrets.values["key"] = self.valid

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.secrets.now_s = self.clock.now().timestamp()
        if len(self.requests) % self.rotate_every == self.rotate_every - 1:
            self.valid = f"key-{len(self.requests)}"
            if not self.is_late:
                self.renew()
        sent = request.url.params.get("key") or request.headers["authorization"].removeprefix("Bearer ")
        if sent != self.valid:
            self.refused += 1
            url = request.url.copy_merge_params({"key": WRONG_KEY}) if "key" in request.url.params else request.url
            headers = dict(request.headers) | {"authorization": f"Bearer {WRONG_KEY}"}
            request = httpx.Request(request.method, url, headers=headers, content=request.content)
        return super()._answer(request)


@pytest.mark.parametrize("rotate_every", [2, 3, 7])
def test_platform_keys_rotate_under_load(secrets: Secrets, rotate_every: int) -> None:
    """Jobs of all platforms run side by side. Nothing fails, and no job uses a retry."""
    world = KeyedWorld(secrets, rotate_every)
    ids = [world.add_job(platform, f"sim_videos_{200 + number}") for number in range(2) for platform in ALL]
    for job_id in ids:
        world.run(job_id)
    for job_id in ids:
        document = world.document(job_id)
        assert (document["status"], document["attempt"], document["retryCount"]) == ("completed", 1, 0)
        assert document["message"].startswith("Done: 20")
    assert pauses.from_document(world.store.get_document(CONTROL_DOCUMENT)) == {}
    assert world.refused >= 5


@pytest.mark.parametrize("platform", ALL)
def test_a_key_renewed_late_loses_no_job(secrets: Secrets, platform: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Until somebody renews the key, the platform is paused. The jobs wait, and end well afterwards."""
    world = KeyedWorld(secrets, 10_000, is_late=True)
    world.valid = "new"
    ids = [world.add_job(platform, f"sim_videos_{number}") for number in (3, 4, 5)]
    for _ in range(60):
        world.tick()
        while world.running():
            world.step()
        world.clock.advance(60)
    documents = [world.document(job_id) for job_id in ids]
    label = PlatformName(platform).label
    assert {document["status"] for document in documents} == {"pending"}
    assert {document.get("errorCode") for document in documents} == {None}
    sentence = f"Our access to {label} does not work right now. Tracking tries again at "
    assert any(document["message"].startswith(sentence) for document in documents)
    pause = pauses.from_document(world.store.get_document(CONTROL_DOCUMENT))[PlatformName(platform)]
    assert (pause.reason, pause.until - world.clock.now() <= pauses.CREDENTIALS_PAUSE) == ("CredentialsError", True)
    probes = printed_metrics(capsys.readouterr().out)["CredentialsRefused"]
    assert 10 <= len(probes) / 2 <= 15  # in an hour; each is counted with its function, and without
    world.renew()
    for job_id in ids:
        document = world.run(job_id)
        assert (document["status"], document.get("expiries", 0)) == ("completed", 0)


def test_the_kick_takes_a_new_secret_at_once(secrets: Secrets) -> None:
    callers = Callers(None, lambda refused: secret("key", refused))
    assert callers.identify({"x-trigger-secret": "old"}) is Caller.SECRET
    secrets.values["key"] = "new"
    assert callers.identify({"x-trigger-secret": "new"}) is Caller.SECRET
    with pytest.raises(RefusedError, match="WrongSecret"):
        callers.identify({"x-trigger-secret": "old"})


# A wrong key


def refused_harness(error: Exception) -> tuple[Harness, dict[str, Any]]:
    harness = Harness()
    job = harness.claimed_job(platform="instagram", attempt=4, expiries=2)
    harness.platform.failures = [error]
    return harness, job


@pytest.mark.parametrize("state", ["FetchAccount", "FetchVideos"])
def test_a_wrong_key_pauses_the_platform(state: str) -> None:
    harness = Harness(videos=videos(3))
    job: Any = harness.claimed_job(platform="instagram", attempt=4, expiries=2)
    for name in CHAIN[: CHAIN.index(state)]:
        job = harness.run_state(name, job)
    harness.platform.failures = [CredentialsError(Sentence("Apify refused our access key."))]
    with pytest.raises(JobPausedError):
        harness.run_state(state, job)
    document = harness.document(job["jobId"])
    assert (document["status"], document["attempt"], document["expiries"]) == ("pending", 5, 2)
    assert (document["progress"], document["retryCount"]) == (0, 0)
    assert document["message"] == "Our access to Instagram does not work right now. Tracking tries again at 12:05 UTC."
    (pause,) = pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)).values()
    assert (pause.until, pause.reason) == (START + timedelta(minutes=5), "CredentialsError")


NOT_OF_THE_PLATFORM = [
    CredentialsError(Sentence("YouTube refused our access key."), is_for_all=False),
    CredentialsError(Sentence("Our credentials for Firestore cannot be used."), credential="google"),
    CredentialsError(Sentence("Our staging storage refuses us."), credential="aws"),
]


@pytest.mark.parametrize("error", NOT_OF_THE_PLATFORM, ids=str)
def test_what_concerns_one_job_or_us_pauses_nothing(error: CredentialsError) -> None:
    harness, job = refused_harness(error)
    with pytest.raises(CredentialsError):
        harness.run_state("FetchAccount", job)
    assert harness.document(job["jobId"])["status"] == "processing"
    assert pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)) == {}


@pytest.mark.parametrize(
    ("error", "credential"),
    [
        (CredentialsError(Sentence("Apify refused our access key.")), "apify"),
        (CredentialsError(Sentence("refused"), is_for_all=False), "apify"),
        (CredentialsError(Sentence("Our credentials for Firestore cannot be used."), credential="google"), "google"),
    ],
)
def test_the_process_function_tells_of_each_refusal(
    error: CredentialsError, credential: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(app.logger, "error", lambda message, **fields: lines.append(fields))
    harness, job = refused_harness(error)
    capsys.readouterr()
    with pytest.raises((CredentialsError, JobPausedError)):
        harness.run_state("FetchAccount", job)
    printed = capsys.readouterr().out
    assert printed_metrics(printed)["CredentialsRefused"] == [1, 1]
    assert f'"credential":"{credential}"' in printed.replace(" ", "")
    assert [(line["action"], line["credential"], line["reason"]) for line in lines] == [
        ("credentials_refused", credential, error.message)
    ]


def test_a_key_refused_in_the_middle_keeps_the_jobs_place(capsys: pytest.CaptureFixture[str]) -> None:
    """The posts so far are saved, the platform is paused, and a further execution goes on at the cursor."""
    harness = Harness()
    fake = FakePlatform(
        account(), videos(200), refusals={100: CredentialsError(Sentence("Apify refused our access key."))}
    )
    harness.platform = fake
    job = harness.run_chain(harness.claimed_job(platform="instagram"), until="SaveAccount")
    output = harness.run_state("FetchVideos", job)
    assert (output["then"], output["videosFetched"]) == ("saveSome", 100)
    output = harness.run_state("FetchVideos", harness.run_state("SaveSomeVideos", output))
    assert output["then"] == "goOn"
    document = harness.document(job["jobId"])
    assert (document["status"], document["part"]) == ("processing", 2)
    assert "100 of about " in document["message"] or document["message"].startswith("100 posts saved")
    (pause,) = pauses.from_document(harness.store.get_document(CONTROL_DOCUMENT)).values()
    assert pause.reason == "CredentialsError"
    assert printed_metrics(capsys.readouterr().out)["CredentialsRefused"] == [1, 1]


def test_every_handler_tells_of_refused_google_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions that have no job yet: their error goes on, so that they fail visibly."""

    def unusable(*_arguments: Any) -> Any:
        raise CredentialsError(Sentence("Our credentials for Firestore cannot be used."), credential="google")

    for service in ("trigger", "process", "reconcile", "cleanup"):
        module = import_module(f"{service}.app")
        monkeypatch.setattr(module.wiring, service, unusable)
        handler: Callable[..., Any] = module.handler
        with pytest.raises(CredentialsError):
            handler({}, FakeContext())
        printed = capsys.readouterr().out
        assert printed_metrics(printed)["CredentialsRefused"] == [1, 1]
        assert f'"service":"{service}"' in printed.replace(" ", "")
        assert refusals.GOOGLE in printed


def test_user_is_told_nothing_of_a_broken_google_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names no secret, and FailJob knows by it that the job begins again."""

    def unusable() -> Any:
        raise CredentialsError(Sentence("The secret stage/firebase does not hold usable Google credentials."))

    monkeypatch.setattr(wiring, "process", unusable)
    with pytest.raises(CredentialsError) as raised:
        app.handler({}, FakeContext())  # type: ignore[arg-type]
    assert outcomes.is_lost_access(type(raised.value).__name__, str(raised.value))


def test_fail_job_leaves_a_job_whose_state_google_refused() -> None:
    """FailJob's own environment may have a key that works. The job has not failed: it begins again."""
    harness = Harness()
    job = harness.claimed_job()
    before = harness.document(job["jobId"])
    refused = say("databaseRefusesUs", detail="It is no longer ours.")
    with pytest.raises(CredentialsError, match="no longer ours"):
        harness.fail_job(job, "CredentialsError", json.dumps({"errorMessage": refused.to_cause()}))
    assert harness.document(job["jobId"]) == before
