"""The dependencies of the functions that tell news, apart from `wiring`: so the functions that work on jobs load none.

As in `wiring`, they are built at a function's first event, and what an event does not need is not built.
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firebase_admin import auth

from tracking.clients import aws_client
from tracking.clock import Clock, SystemClock
from tracking.errors import CredentialsError
from tracking.google_credentials import firebase_app
from tracking.kick_auth import Users
from tracking.mail.letters import Sender
from tracking.mail.post import Post, SesPost
from tracking.mail.recipients import Addresses, FirebaseAddresses
from tracking.news_settings import (
    FeedbackSettings,
    MailSettings,
    NotifySettings,
    UnsubscribeSettings,
    WebhooksApiSettings,
)
from tracking.secrets_manager import secret
from tracking.sentences import say
from tracking.store import DocumentStore, MailStore, NotifyStore
from tracking.webhooks import LEAST_SIGNING_KEY, WebhookSender
from tracking.wiring import only_local, store_of

SIGNING = "signing"
"""The credential that a missing key is told as."""
_NO_SIGNING_KEY = say("accessTrouble", detail="Our key for signing webhooks is not set up; we have been told.")


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
    """`product`: the name that readers know."""

    store: MailStore
    clock: Clock
    key: Callable[[], str]
    product: str


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
def mail() -> MailDeps:

    from tracking.mail.letters import Sender

    settings = MailSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    # A call that was not answered is not repeated: the mail might go out twice.
    ses = SesPost(aws_client("sesv2", tries=1), settings.mail_configuration_set) if settings.is_sent_by_us else None
    return MailDeps(
        store=store_of(settings),
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
    return UnsubscribeDeps(
        store_of(settings), SystemClock(), lambda: signing_key(settings.signing_secret), settings.mail_product
    )


@functools.cache
def feedback() -> FeedbackDeps:
    return FeedbackDeps(store_of(FeedbackSettings.from_environment(os.environ)), SystemClock())


@functools.cache
def notify() -> NotifyDeps:
    from tracking.webhooks.web import WebhookWeb, webhook_client

    settings = NotifySettings.from_environment(os.environ)
    receiver = only_local("WEBHOOK_RECEIVER_URL", settings.google_cloud_project)
    store = store_of(settings)
    return NotifyDeps(
        store=store,
        sender=WebhookWeb(webhook_client(anywhere=bool(receiver)), receiver),
        signing_secret=lambda: signing_key(settings.signing_secret),
        clock=SystemClock(),
        mail_store=store if settings.has_mail else None,
    )


@functools.cache
def webhooks_api() -> WebhooksApiDeps:

    from tracking.kick_auth import Users

    settings = WebhooksApiSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    return WebhooksApiDeps(
        users=Users(auth.Client(app)),
        store=store_of(settings),
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
