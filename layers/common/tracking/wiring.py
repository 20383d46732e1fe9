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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import firebase_admin
import google.auth
from firebase_admin import firestore
from google.auth.credentials import AnonymousCredentials

from tracking.clock import Clock, SystemClock
from tracking.errors import CredentialsError
from tracking.jobs import PlatformName
from tracking.platforms import Platform
from tracking.settings import PlatformSettings, ProcessSettings, TriggerSettings
from tracking.staging import Staging
from tracking.store import Store
from tracking.store.firestore import FirestoreStore

if TYPE_CHECKING:
    from tracking.executions import Executions

Secret = Callable[[], str]
"""A secret's value, read when it is first needed."""

_FIREBASE_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/datastore")


@dataclass(frozen=True, slots=True)
class TriggerDeps:
    store: Store
    executions: Executions
    clock: Clock
    max_starts_per_tick: int


@dataclass(frozen=True, slots=True)
class ProcessDeps:
    store: Store
    staging: Staging
    platform: Callable[[PlatformName], Platform]
    clock: Clock
    max_videos_per_job: int


@functools.cache
def trigger() -> TriggerDeps:
    from tracking.executions import StepFunctionsExecutions

    settings = TriggerSettings.from_environment(os.environ)
    return TriggerDeps(
        store=FirestoreStore(firestore_client(settings.google_cloud_project, settings.firebase_credentials_secret)),
        executions=StepFunctionsExecutions(aws_client("stepfunctions"), settings.state_machine_arn),
        clock=SystemClock(),
        max_starts_per_tick=settings.max_starts_per_tick,
    )


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
    from tracking.platforms import http

    match name:
        case PlatformName.YOUTUBE:
            from tracking.platforms.youtube import YouTube
            from tracking.platforms.youtube_data_api import YouTubeDataApi

            return YouTube(YouTubeDataApi(http.client(), settings.youtube_api_url, keys.youtube_api_key, clock))
        case PlatformName.TWITTER:
            from tracking.platforms.twitter import Twitter
            from tracking.platforms.x_api import XApi

            return Twitter(XApi(http.client(), settings.x_api_url, keys.x_bearer_token, clock))
        case PlatformName.INSTAGRAM:
            from tracking.platforms.apify import Apify
            from tracking.platforms.instagram import Instagram

            apify = Apify(http.client(), settings.apify_api_url, keys.apify_token, clock)
            return Instagram(apify, settings.apify_instagram_actor)
        case PlatformName.TIKTOK:
            from tracking.platforms.apify import Apify
            from tracking.platforms.tiktok import TikTok

            apify = Apify(http.client(), settings.apify_api_url, keys.apify_token, clock)
            return TikTok(apify, settings.apify_tiktok_actor)


def firestore_client(project: str, credentials_secret: str = "") -> Any:
    """A Firestore client through firebase-admin.

    With `FIRESTORE_EMULATOR_HOST` set, no credentials; else those of the secret, a service account's key or a workload
    identity federation's configuration; else the machine's own.
    """
    app = firebase_admin.initialize_app(
        _google_credentials(credentials_secret), {"projectId": project}, name=f"tracking-{project}"
    )
    return firestore.client(app)


def _google_credentials(secret_name: str) -> google.auth.credentials.Credentials | None:
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    if not secret_name:
        return None
    try:
        credentials, _ = google.auth.load_credentials_from_dict(  # type: ignore[no-untyped-call]
            json.loads(secret(secret_name)), scopes=_FIREBASE_SCOPES
        )
    except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
        raise CredentialsError(f"The secret {secret_name} does not hold usable Google credentials.") from error
    return credentials  # type: ignore[no-any-return]


def secret(name: str) -> str:
    """A secret by its name in Secrets Manager, kept for five minutes."""
    from aws_lambda_powertools.utilities import parameters
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    if not name:
        raise CredentialsError("No secret is named for this credential.")
    try:
        return str(parameters.get_secret(name, max_age=300)).strip()
    except GetParameterError as error:
        raise CredentialsError(f"The secret {name} cannot be read.") from error


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
