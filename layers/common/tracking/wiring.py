"""The dependencies of each function that works on jobs, built in this one place.

Those of the kick are in `kick_wiring`, and those of the functions that tell news in `news_wiring`.

A function's dependencies are built at its first event and reused while its environment is warm. A client that an event
does not need is not built. boto3 and httpx are imported at their first use, because together they would double the
loading time (`make bench`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from tracking.budgets import BudgetLimits
from tracking.clients import aws_client, http_client
from tracking.clock import Clock, SystemClock
from tracking.errors import CredentialsError
from tracking.firestore_access import FirestoreAccess, firestore_client
from tracking.google_credentials import is_emulated
from tracking.hints import Hints
from tracking.jobs import PlatformName
from tracking.pictures import PictureSource, PictureStore
from tracking.platform_contract import PLATFORMS
from tracking.platforms import Platform, Setup
from tracking.refreshes import Cadence
from tracking.secrets_manager import secret
from tracking.sentences import say
from tracking.settings import (
    CleanupSettings,
    Limits,
    PicturesSettings,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    RefreshSettings,
    SettingsError,
    StoppingSettings,
    StoreSettings,
    TriggerSettings,
)
from tracking.staging import Staging
from tracking.store import (
    JOBS,
    REFRESHES,
    CleanupStore,
    DocumentStore,
    RefreshStore,
    StateStore,
    TickStore,
)
from tracking.store.firestore import FirestoreStore

if TYPE_CHECKING:
    from tracking.executions import Executions


def no_platform(name: PlatformName) -> Platform:
    """Stand in for the platforms where none can be called. Raises CredentialsError."""
    raise CredentialsError(say("notSetUp", platform=name.label))


@dataclass(frozen=True, slots=True)
class TriggerDeps:
    store: TickStore
    executions: Executions
    clock: Clock
    limits: Limits
    hints: Hints = field(default_factory=Hints)
    platform: Callable[[PlatformName], Platform] = no_platform  # to stop the paid runs of jobs that the sweep ends
    news: bool = False  # whether events are written


@dataclass(frozen=True, slots=True)
class RefreshDeps:
    """`store`: works on the refreshes' jobs."""

    store: RefreshStore
    executions: Executions
    clock: Clock
    limits: Limits
    default_cadence: Cadence = Cadence.OFF
    hints: Hints = field(default_factory=Hints)
    platform: Callable[[PlatformName], Platform] = no_platform
    budget_limits: BudgetLimits = field(default_factory=BudgetLimits)
    max_videos: Callable[[PlatformName], int] = PlatformSettings().max_videos  # the most posts of one refresh

    @property
    def trigger(self) -> TriggerDeps:
        """The dependencies of a tick's parts, with the refreshes in place of users' jobs. Their ends are no news."""
        return TriggerDeps(self.store, self.executions, self.clock, self.limits, self.hints, self.platform)


@dataclass(frozen=True, slots=True)
class ProcessDeps:
    store: StateStore
    staging: Staging
    platform: Callable[[PlatformName], Platform]
    clock: Clock
    max_videos: Callable[[PlatformName], int]  # the most posts of one job
    limits: Limits = field(default_factory=Limits)
    max_job: timedelta = timedelta(hours=1)  # of one attempt, all its executions together
    refreshes: StateStore | None = None  # the store of the refreshes' jobs
    default_cadence: Cadence = Cadence.OFF  # of accounts for which nobody has chosen one
    news: bool = False  # whether events are written


@dataclass(frozen=True, slots=True)
class ReconcileDeps:
    store: StateStore
    clock: Clock
    platform: Callable[[PlatformName], Platform]
    refreshes: StateStore | None = None  # the store of the refreshes' jobs
    news: bool = False  # whether events are written


@dataclass(frozen=True, slots=True)
class CleanupDeps:
    store: CleanupStore
    clock: Clock
    keep_finished_days: int
    limits: Limits = field(default_factory=Limits)
    machine: str = ""  # ARN of our stack's; "": clean up whoever works on the jobs


@dataclass(frozen=True, slots=True)
class PicturesDeps:
    store: DocumentStore
    copies: PictureStore
    web: PictureSource
    clock: Clock
    url: str  # where pages find the copies
    kept_for: timedelta
    max_thumbnails: int


@functools.cache
def trigger() -> TriggerDeps:
    from tracking.executions import StepFunctionsExecutions

    settings = TriggerSettings.from_environment(os.environ)
    return TriggerDeps(
        store=store_of(settings),
        executions=StepFunctionsExecutions(aws_client("stepfunctions"), settings.state_machine_arn),
        clock=SystemClock(),
        limits=Limits(running=settings.max_running_jobs, per_credential=settings.max_running_per_credential),
        platform=_stopping(settings, SystemClock()),
        news=settings.has_news,
    )


@functools.cache
def refresh() -> RefreshDeps:
    from tracking.executions import StepFunctionsExecutions

    settings = RefreshSettings.from_environment(os.environ)
    clock = SystemClock()
    return RefreshDeps(
        store=store_of(settings, REFRESHES),
        executions=StepFunctionsExecutions(aws_client("stepfunctions"), settings.state_machine_arn),
        clock=clock,
        limits=Limits(running=settings.max_running_jobs, per_credential=settings.max_running_per_credential),
        default_cadence=settings.default_cadence,
        platform=_stopping(settings, clock),
        budget_limits=settings.budgets,
        max_videos=settings.max_videos,
    )


@functools.cache
def reconcile() -> ReconcileDeps:
    settings = ReconcileSettings.from_environment(os.environ)
    clock = SystemClock()
    stopping = _stopping(settings, clock)
    return ReconcileDeps(store_of(settings), clock, stopping, store_of(settings, REFRESHES), settings.has_news)


@functools.cache
def cleanup() -> CleanupDeps:
    settings = CleanupSettings.from_environment(os.environ)
    clock, machine = SystemClock(), settings.state_machine_arn
    return CleanupDeps(store_of(settings), clock, settings.keep_finished_days, machine=machine)


@functools.cache
def process() -> ProcessDeps:
    from tracking.staging.s3 import S3Objects

    settings = ProcessSettings.from_environment(os.environ)
    clock = SystemClock()

    def key(credential: str, refused: str | None = None) -> str:
        return secret(settings.key_secret(credential), refused)

    return ProcessDeps(
        store=store_of(settings),
        staging=Staging(S3Objects(aws_client("s3"), settings.staging_bucket)),
        platform=functools.cache(lambda name: platform(name, settings, key, clock, key_after=key)),
        clock=clock,
        max_videos=settings.max_videos,
        max_job=timedelta(minutes=settings.max_job_minutes),
        refreshes=store_of(settings, REFRESHES),
        default_cadence=settings.default_cadence,
        news=settings.has_news,
    )


@functools.cache
def pictures() -> PicturesDeps:
    from tracking.pictures.bucket import PictureBucket
    from tracking.pictures.web import PictureWeb, picture_client

    settings = PicturesSettings.from_environment(os.environ)
    simulator = only_local("PICTURE_SIMULATOR_URL", settings.google_cloud_project)
    return PicturesDeps(
        store=store_of(settings),
        copies=PictureBucket(aws_client("s3"), settings.pictures_bucket),
        web=PictureWeb(picture_client(anywhere=bool(simulator)), simulator),
        clock=SystemClock(),
        url=settings.pictures_url,
        kept_for=timedelta(days=settings.keep_picture_days),
        max_thumbnails=settings.max_thumbnails,
    )


def only_local(variable: str, project: str) -> str:
    """Return the address in a variable that leads requests to one server of this machine, or "".

    No setting of the template, because on AWS it would lead the function to any address. SettingsError if it is set for
    a real project.
    """
    address = os.environ.get(variable, "")
    if address and not is_emulated(project):
        raise SettingsError(f"{variable} is set. Only a project demo-... on the emulator may have it.")
    return address


def store_of(
    settings: StoreSettings,
    queue: str = JOBS,
) -> FirestoreStore:
    access = FirestoreAccess(
        settings.google_cloud_project, settings.firebase_credentials_secret, settings.firestore_database
    )
    client = firestore_client(access.project, access.credentials_secret, access.database)
    return FirestoreStore(client, access, queue)


def _stopping(settings: StoppingSettings, clock: Clock) -> Callable[[PlatformName], Platform]:
    """Return a function that builds a platform in order to stop its paid runs. Only Apify's key is at hand."""

    def key(_credential: str, refused: str | None = None) -> str:
        return secret(settings.apify_token_secret, refused)

    return functools.cache(lambda name: platform(name, settings.platforms, key, clock, key_after=key))


def platform(
    name: PlatformName,
    settings: PlatformSettings,
    key: Callable[[str], str],
    clock: Clock,
    *,
    key_after: Callable[[str, str], str] = lambda _credential, refused: refused,
) -> Platform:
    """Build the platform with this name. All platforms share one HTTP client.

    Import only this platform's module, `tracking.platforms.{name}`, and call the module's function `build`. `key`
    returns the key of a credential of contracts/platforms.json, and `key_after` the one to use after a refused one. The
    platform calls `key` for each request.
    """
    credential = PLATFORMS[name].credential
    module = import_module(f"tracking.platforms.{name}")
    setup = Setup(
        http=http_client(),
        settings=settings,
        key=lambda: key(credential),
        clock=clock,
        key_after=lambda refused: key_after(credential, refused),
    )
    built: Platform = module.build(setup)
    return built
