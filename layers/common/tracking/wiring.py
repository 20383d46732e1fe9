"""The collaborators of each function: the one place that puts them together.

Each function's collaborators are built on its first event, once per environment, and reused by warm invocations; a
client that an event does not need is not built. boto3 and httpx are imported where they are first used: together
they would double the time to load (`make bench`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tracking.clients import aws_client, http_client
from tracking.clock import Clock, SystemClock
from tracking.google_credentials import firebase_app, firestore_client
from tracking.hints import Hints
from tracking.jobs import PlatformName
from tracking.platforms import Platform
from tracking.secrets_manager import Secret, secret
from tracking.settings import (
    CleanupSettings,
    KickSettings,
    Limits,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    TriggerSettings,
)
from tracking.staging import Staging
from tracking.store import CleanupStore, StateStore, TickStore
from tracking.store.firestore import FirestoreStore

if TYPE_CHECKING:
    from tracking.executions import Executions
    from tracking.kick_auth import Callers


@dataclass(frozen=True, slots=True)
class TriggerDeps:
    store: TickStore
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
    store: StateStore
    staging: Staging
    platform: Callable[[PlatformName], Platform]
    clock: Clock
    max_videos_per_job: int
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class ReconcileDeps:
    store: StateStore
    clock: Clock


@dataclass(frozen=True, slots=True)
class CleanupDeps:
    store: CleanupStore
    clock: Clock
    keep_finished_days: int
    limits: Limits = field(default_factory=Limits)


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

    from tracking.kick_auth import Callers

    settings = KickSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
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
