"""Firestore clients that need no credentials: for the emulator, or for requests that are never sent."""

from __future__ import annotations

from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import Client


def anonymous_client(project: str, database: str | None = None) -> Client:
    """Return a client of `project`, and of its default database if none is named."""
    return Client(project=project, credentials=AnonymousCredentials(), database=database)  # type: ignore[no-untyped-call]
