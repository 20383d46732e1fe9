"""The dependencies of each function that works on the store, built in this one place. The kick's: `kick_wiring`.

A function's dependencies are built at its first event and reused while its environment is warm. A client that an event
does not need is not built. boto3 and httpx are imported at their first use, because together they would double the
loading time (`make bench`).
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tracking.budgets import BudgetLimits
from tracking.clients import aws_client, http_client
from tracking.clock import Clock, SystemClock
from tracking.errors import CredentialsError
from tracking.firestore_access import FirestoreAccess, firestore_client
from tracking.google_credentials import firebase_app, is_emulated
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
    FeedbackSettings,
    Limits,
    MailSettings,
    NotifySettings,
    PicturesSettings,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    RefreshSettings,
    SettingsError,
    SigningSettings,
    StoppingSettings,
    TickSettings,
    TriggerSettings,
    UnsubscribeSettings,
    WebhooksApiSettings,
)
from tracking.staging import Staging
from tracking.store import (
    JOBS,
    REFRESHES,
    CleanupStore,
    DocumentStore,
    MailStore,
    NotifyStore,
    RefreshStore,
    StateStore,
    TickStore,
)
from tracking.store.firestore import FirestoreStore
from tracking.webhooks import LEAST_SIGNING_KEY, WebhookSender

if TYPE_CHECKING:
    from tracking.executions import Executions
    from tracking.kick_auth import Users
    from tracking.mail.letters import Sender
    from tracking.mail.post import Post
    from tracking.mail.recipients import Addresses


SIGNING = "signing"
"""The credential that a missing key is told as."""
_NO_SIGNING_KEY = say("accessTrouble", detail="Our key for signing webhooks is not set up; we have been told.")


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


@dataclass(frozen=True, slots=True)
class MailDeps:
    """`key`: returns the stage's key, which signs links. `post`: None if the customer's sender takes the mails."""

    store: MailStore
    addresses: Addresses
    clock: Clock
    sender: Sender
    key: Callable[[], str]
    post: Post | None
    threads: int = 8  # mails at a time; SES takes 14 a second from most accounts


@dataclass(frozen=True, slots=True)
class UnsubscribeDeps:
    store: MailStore
    clock: Clock
    key: Callable[[], str]


@dataclass(frozen=True, slots=True)
class FeedbackDeps:
    store: MailStore
    clock: Clock


@dataclass(frozen=True, slots=True)
class NotifyDeps:
    """`signing_secret`: returns the stage's key, from which the endpoints' secrets are made."""

    store: NotifyStore
    sender: WebhookSender
    signing_secret: Callable[[], str]
    clock: Clock
    jitter: Callable[[float, float], float] = random.uniform  # a number between two
    mail_store: MailStore | None = None  # where the windows of mail are; None: there is no mail


@dataclass(frozen=True, slots=True)
class WebhooksApiDeps:
    """`signing_secret`: as in NotifyDeps. `queues`: the client of SQS."""

    users: Users
    store: DocumentStore
    signing_secret: Callable[[], str]
    clock: Clock
    queues: Any
    news_queue_url: str


@functools.cache
def trigger() -> TriggerDeps:
    from tracking.executions import StepFunctionsExecutions

    settings = TriggerSettings.from_environment(os.environ)
    return TriggerDeps(
        store=_store(settings),
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
        store=_store(settings, REFRESHES),
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
    return ReconcileDeps(_store(settings), clock, stopping, _store(settings, REFRESHES), settings.has_news)


@functools.cache
def cleanup() -> CleanupDeps:
    settings = CleanupSettings.from_environment(os.environ)
    clock, machine = SystemClock(), settings.state_machine_arn
    return CleanupDeps(_store(settings), clock, settings.keep_finished_days, machine=machine)


@functools.cache
def process() -> ProcessDeps:
    from tracking.staging.s3 import S3Objects

    settings = ProcessSettings.from_environment(os.environ)
    clock = SystemClock()

    def key(credential: str, refused: str | None = None) -> str:
        return secret(settings.key_secret(credential), refused)

    return ProcessDeps(
        store=_store(settings),
        staging=Staging(S3Objects(aws_client("s3"), settings.staging_bucket)),
        platform=functools.cache(lambda name: platform(name, settings, key, clock, key_after=key)),
        clock=clock,
        max_videos=settings.max_videos,
        max_job=timedelta(minutes=settings.max_job_minutes),
        refreshes=_store(settings, REFRESHES),
        default_cadence=settings.default_cadence,
        news=settings.has_news,
    )


@functools.cache
def pictures() -> PicturesDeps:
    from tracking.pictures.bucket import PictureBucket
    from tracking.pictures.web import PictureWeb, picture_client

    settings = PicturesSettings.from_environment(os.environ)
    simulator = _only_local("PICTURE_SIMULATOR_URL", settings.google_cloud_project)
    return PicturesDeps(
        store=_store(settings),
        copies=PictureBucket(aws_client("s3"), settings.pictures_bucket),
        web=PictureWeb(picture_client(anywhere=bool(simulator)), simulator),
        clock=SystemClock(),
        url=settings.pictures_url,
        kept_for=timedelta(days=settings.keep_picture_days),
        max_thumbnails=settings.max_thumbnails,
    )


@functools.cache
def mail() -> MailDeps:
    from firebase_admin import auth

    from tracking.mail.letters import Sender
    from tracking.mail.post import SesPost
    from tracking.mail.recipients import FirebaseAddresses

    settings = MailSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    # A call that was not answered is not repeated: the mail might go out twice.
    ses = SesPost(aws_client("sesv2", tries=1), settings.mail_configuration_set) if settings.is_sent_by_us else None
    return MailDeps(
        store=_store(settings),
        addresses=FirebaseAddresses(auth.Client(app)),
        clock=SystemClock(),
        sender=Sender(
            address=settings.mail_from,
            product=settings.mail_product,
            unsubscribe_url=settings.unsubscribe_url,
            reply_to=settings.mail_reply_to,
            app_url=settings.mail_app_url,
        ),
        key=lambda: signing_key(settings.signing_secret),
        post=ses,
    )


@functools.cache
def unsubscribe() -> UnsubscribeDeps:
    settings = UnsubscribeSettings.from_environment(os.environ)
    return UnsubscribeDeps(_store(settings), SystemClock(), lambda: signing_key(settings.signing_secret))


@functools.cache
def feedback() -> FeedbackDeps:
    return FeedbackDeps(_store(FeedbackSettings.from_environment(os.environ)), SystemClock())


@functools.cache
def notify() -> NotifyDeps:
    from tracking.webhooks.web import WebhookWeb, webhook_client

    settings = NotifySettings.from_environment(os.environ)
    receiver = _only_local("WEBHOOK_RECEIVER_URL", settings.google_cloud_project)
    store = _store(settings)
    return NotifyDeps(
        store=store,
        sender=WebhookWeb(webhook_client(anywhere=bool(receiver)), receiver),
        signing_secret=lambda: signing_key(settings.signing_secret),
        clock=SystemClock(),
        mail_store=store if settings.has_mail else None,
    )


@functools.cache
def webhooks_api() -> WebhooksApiDeps:
    from firebase_admin import auth

    from tracking.kick_auth import Users

    settings = WebhooksApiSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    return WebhooksApiDeps(
        users=Users(auth.Client(app)),
        store=_store(settings),
        signing_secret=lambda: signing_key(settings.signing_secret),
        clock=SystemClock(),
        queues=aws_client("sqs"),
        news_queue_url=settings.news_queue_url,
    )


def signing_key(name: str) -> str:
    """Return the key from which endpoints' secrets are made, and which signs links in mails, by its secret's name.

    Raises CredentialsError if it is missing, unreadable, or too short to be a key.
    """
    try:
        key = secret(name)
    except CredentialsError as error:
        raise CredentialsError(_NO_SIGNING_KEY, SIGNING, is_missing=error.is_missing) from error
    if len(key) < LEAST_SIGNING_KEY:
        raise CredentialsError(_NO_SIGNING_KEY, SIGNING)
    return key


def _only_local(variable: str, project: str) -> str:
    """Return the address in a variable that leads requests to one server of this machine, or "".

    No setting of the template, because on AWS it would lead the function to any address. SettingsError if it is set for
    a real project.
    """
    address = os.environ.get(variable, "")
    if address and not is_emulated(project):
        raise SettingsError(f"{variable} is set. Only a project demo-... on the emulator may have it.")
    return address


def _store(
    settings: TickSettings
    | ReconcileSettings
    | CleanupSettings
    | ProcessSettings
    | PicturesSettings
    | SigningSettings
    | FeedbackSettings,
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
