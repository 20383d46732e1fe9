"""The one place that builds clients.

Each function's collaborators are built on its first event, once per environment, and reused by warm invocations; a
client that an event does not need is not built. boto3 and httpx are imported where they are first used: together
they would double the time to load (`make bench`).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import firebase_admin
import google.auth
from firebase_admin import firestore
from google.auth.credentials import AnonymousCredentials

from tracking.clock import Clock, SystemClock
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.platforms import Platform
from tracking.settings import (
    CleanupSettings,
    KickSettings,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    SettingsError,
    TriggerSettings,
)
from tracking.staging import Staging
from tracking.store import JobSnapshot, Store
from tracking.store.firestore import FirestoreStore

if TYPE_CHECKING:
    import httpx
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    from tracking.executions import Executions
    from tracking.identity import Callers

Secret = Callable[[], str]
"""A secret's value, read when it is first needed."""

GOOGLE_TIMEOUT_S = 3.0
"""Of one wait for Google's certificates or for a user's record; firebase-admin's own is two minutes."""

_FIREBASE_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/datastore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many jobs run at the same time, counted from live leases."""

    running: int
    per_credential: int  # Instagram and TikTok share Apify's


MAX_REMEMBERED = 1_000
REMEMBER_FOR = timedelta(hours=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Hints:
    """What a warm environment remembers of the tick before, to read less. Nothing is wrong when it is lost."""

    is_busy: bool = False  # many jobs wait, or a platform is paused
    strays_from: str = ""  # id of the job that the next walk through all waiting jobs goes on from
    unwritable: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Jobs whose document could not be written: its version and its organisation, by the job's id."""
    unwritable_since: datetime = LONG_AGO

    def remember_unwritable(self, job: JobSnapshot) -> None:
        """So that it is not tried in each tick, nor stands before the others of its organisation."""
        if len(self.unwritable) < MAX_REMEMBERED:
            self.unwritable[job.job_id] = (job.version, str(job.data.get("orgId")))

    def forget_the_old(self, now: datetime) -> None:
        """Once an hour all are tried again: some may be gone."""
        if now - self.unwritable_since > REMEMBER_FOR:
            self.unwritable.clear()
            self.unwritable_since = now

    def is_unwritable(self, job: JobSnapshot) -> bool:
        """As it is now; it is tried again when somebody has changed it."""
        return self.unwritable.get(job.job_id, ("",))[0] == job.version


@dataclass(frozen=True, slots=True)
class TriggerDeps:
    store: Store
    executions: Executions
    clock: Clock
    limits: Limits
    hints: Hints = field(default_factory=Hints)


@dataclass(frozen=True, slots=True)
class KickDeps:
    callers: Callers
    functions: Any  # Lambda's client
    trigger_function: str


@dataclass(frozen=True, slots=True)
class ProcessDeps:
    store: Store
    staging: Staging
    platform: Callable[[PlatformName], Platform]
    clock: Clock
    max_videos_per_job: int


@dataclass(frozen=True, slots=True)
class ReconcileDeps:
    store: Store
    clock: Clock


@dataclass(frozen=True, slots=True)
class CleanupDeps:
    store: Store
    clock: Clock
    keep_finished_days: int


@functools.cache
def trigger() -> TriggerDeps:
    from tracking.executions import StepFunctionsExecutions

    settings = TriggerSettings.from_environment(os.environ)
    return TriggerDeps(
        store=FirestoreStore(firestore_client(settings.google_cloud_project, settings.firebase_credentials_secret)),
        executions=StepFunctionsExecutions(aws_client("stepfunctions"), settings.state_machine_arn),
        clock=SystemClock(),
        limits=Limits(running=settings.max_running_jobs, per_credential=settings.max_running_per_credential),
    )


@functools.cache
def kick() -> KickDeps:
    from firebase_admin import auth

    from tracking.identity import Callers

    settings = KickSettings.from_environment(os.environ)
    app = _firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    return KickDeps(
        callers=Callers(auth.Client(app), lambda: secret(settings.kick_secret)),
        functions=aws_client("lambda"),
        trigger_function=settings.trigger_function,
    )


@functools.cache
def reconcile() -> ReconcileDeps:
    settings = ReconcileSettings.from_environment(os.environ)
    client = firestore_client(settings.google_cloud_project, settings.firebase_credentials_secret)
    return ReconcileDeps(FirestoreStore(client), SystemClock())


@functools.cache
def cleanup() -> CleanupDeps:
    settings = CleanupSettings.from_environment(os.environ)
    client = firestore_client(settings.google_cloud_project, settings.firebase_credentials_secret)
    return CleanupDeps(FirestoreStore(client), SystemClock(), settings.keep_finished_days)


@functools.cache
def process() -> ProcessDeps:
    from tracking.staging.s3 import S3Objects

    settings = ProcessSettings.from_environment(os.environ)
    clock = SystemClock()
    keys = PlatformKeys(
        youtube_api_key=lambda: secret(settings.youtube_api_key_secret),
        x_bearer_token=lambda: secret(settings.x_bearer_token_secret),
        apify_token=lambda: secret(settings.apify_token_secret),
    )
    return ProcessDeps(
        store=FirestoreStore(firestore_client(settings.google_cloud_project, settings.firebase_credentials_secret)),
        staging=Staging(S3Objects(aws_client("s3"), settings.staging_bucket)),
        platform=functools.cache(lambda name: platform(name, settings, keys, clock)),
        clock=clock,
        max_videos_per_job=settings.max_videos_per_job,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKeys:
    youtube_api_key: Secret
    x_bearer_token: Secret
    apify_token: Secret


def platform(name: PlatformName, settings: PlatformSettings, keys: PlatformKeys, clock: Clock) -> Platform:
    """The platform's module over its provider, on the one HTTP client that all share."""
    match name:
        case PlatformName.YOUTUBE:
            from tracking.platforms.youtube import YouTube
            from tracking.platforms.youtube_data_api import YouTubeDataApi

            return YouTube(YouTubeDataApi(http_client(), settings.youtube_api_url, keys.youtube_api_key, clock))
        case PlatformName.TWITTER:
            from tracking.platforms.twitter import Twitter
            from tracking.platforms.x_api import XApi

            return Twitter(XApi(http_client(), settings.x_api_url, keys.x_bearer_token, clock))
        case PlatformName.INSTAGRAM:
            from tracking.platforms.apify import Apify
            from tracking.platforms.instagram import Instagram

            apify = Apify(http_client(), settings.apify_api_url, keys.apify_token, clock)
            return Instagram(apify, settings.apify_instagram_actor)
        case PlatformName.TIKTOK:
            from tracking.platforms.apify import Apify
            from tracking.platforms.tiktok import TikTok

            apify = Apify(http_client(), settings.apify_api_url, keys.apify_token, clock)
            return TikTok(apify, settings.apify_tiktok_actor)


@functools.cache
def http_client() -> httpx.Client:
    """One pool of connections for all platforms. Time-outs are set with each call, by `platforms.http`."""
    import httpx

    # This machine's own addresses are reached past any proxy: the simulator's, or a recorded answer's.
    here = {"all://127.0.0.1": None, "all://localhost": None}
    return httpx.Client(headers={"User-Agent": "account-tracking"}, mounts=here)


def firestore_client(project: str, credentials_secret: str = "") -> Any:
    """A Firestore client through firebase-admin.

    With `FIRESTORE_EMULATOR_HOST` set, no credentials; else those of the secret, a service account's key or a workload
    identity federation's configuration; else the machine's own.
    """
    return firestore.client(_firebase_app(project, credentials_secret))


@functools.cache
def _firebase_app(project: str, credentials_secret: str) -> firebase_admin.App:
    """There can be one of a name: an environment whose first event failed after this must not make it again."""
    _refuse_emulated_sign_in(project)
    return firebase_admin.initialize_app(
        _google_credentials(credentials_secret),
        {"projectId": project, "httpTimeout": GOOGLE_TIMEOUT_S},
        name=f"tracking-{project}",
    )


def _refuse_emulated_sign_in(project: str) -> None:
    """With the variable firebase-admin believes every token, unsigned and expired ones too.

    A project `demo-...` exists at Google for nobody: https://firebase.google.com/docs/emulator-suite/connect_auth
    """
    is_local = project.startswith("demo-") and os.environ.get("FIRESTORE_EMULATOR_HOST")
    if os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") and not is_local:
        raise SettingsError(
            "FIREBASE_AUTH_EMULATOR_HOST is set, so that anybody could say to be anybody: only a project demo-... on"
            " FIRESTORE_EMULATOR_HOST may have it."
        )


def _google_credentials(secret_name: str) -> google.auth.credentials.Credentials | None:
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    if not secret_name:
        return None
    try:
        return _credentials_from(json.loads(secret(secret_name)))
    except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
        raise CredentialsError(f"The secret {secret_name} does not hold usable Google credentials.") from error


def _credentials_from(config: Any) -> google.auth.credentials.Credentials:
    """The two kinds that belong on AWS; Google deprecated the call that takes any kind, as a risk.

    ValueError, GoogleAuthError. https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
    """
    from google.auth import aws
    from google.oauth2 import service_account

    match config:
        case {"type": "service_account"}:
            return service_account.Credentials.from_service_account_info(config, scopes=_FIREBASE_SCOPES)  # type: ignore[no-any-return, no-untyped-call]
        case {"type": "external_account"}:
            return aws.Credentials.from_info(config, scopes=_FIREBASE_SCOPES)  # type: ignore[no-any-return, no-untyped-call]
    raise ValueError("neither a service account's key nor a workload identity federation's configuration")


_NOT_SET_UP = "Our access to this service is not set up; we have been told."


def secret(name: str) -> str:
    """A secret by its name in Secrets Manager, kept for five minutes.

    CredentialsError when there is none that we may read; StoreUnavailableError when Secrets Manager did not answer.
    """
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    if not name:
        raise CredentialsError(_NOT_SET_UP)
    try:
        return str(secrets_provider().get(name, max_age=300)).strip()
    except GetParameterError as error:
        if _is_lasting(error.__context__):
            refused = CredentialsError(_NOT_SET_UP)
            refused.add_note(f"the secret {name} cannot be read")
            raise refused from error
        raise StoreUnavailableError("Our credentials could not be read just now.") from error


@functools.cache
def secrets_provider() -> SecretsProvider:
    """Powertools' own default has botocore's time-outs, a minute each."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto3_client=aws_client("secretsmanager"))


def _is_lasting(error: BaseException | None) -> bool:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors"""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return False
    is_failure = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return not is_failure and error.response["Error"]["Code"] != "ThrottlingException"


def aws_client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=32,
        ),
    )
