"""The dependencies of the kick, apart from `wiring`: the kick needs no Firestore, whose library loads slowly.

A test holds the kick to that (`tests/unit/test_wiring.py`).
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any

from firebase_admin import auth

from tracking.clients import aws_client
from tracking.google_credentials import firebase_app
from tracking.kick_auth import Callers
from tracking.secrets_manager import secret
from tracking.settings import KickSettings


@dataclass(frozen=True, slots=True)
class KickDeps:
    callers: Callers
    queues: Any  # the client of SQS
    wake_queue_url: str


@functools.cache
def kick() -> KickDeps:
    settings = KickSettings.from_environment(os.environ)
    app = firebase_app(settings.google_cloud_project, settings.firebase_credentials_secret)
    return KickDeps(
        callers=Callers(auth.Client(app), lambda refused: secret(settings.kick_secret, refused)),
        queues=aws_client("sqs"),
        wake_queue_url=settings.wake_queue_url,
    )
