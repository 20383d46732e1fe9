"""Front ends: other programs that write jobs into the same store."""

from __future__ import annotations

from typing import Any, Protocol

from google.cloud.firestore_v1 import Client

from tracking.store.memory import MemoryStore


class FrontEnd(Protocol):
    """A program that writes and deletes jobs without preconditions."""

    def write(self, job_id: str, **fields: Any) -> None: ...

    def delete(self, job_id: str) -> None: ...


class MemoryFrontEnd:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def write(self, job_id: str, **fields: Any) -> None:
        self._store.touch(job_id, **fields)

    def delete(self, job_id: str) -> None:
        self._store.delete_job(job_id)


class FirestoreFrontEnd:
    def __init__(self, client: Client) -> None:
        self._jobs = client.collection("trackingJobs")

    def write(self, job_id: str, **fields: Any) -> None:
        self._jobs.document(job_id).set(fields, merge=True)

    def delete(self, job_id: str) -> None:
        self._jobs.document(job_id).delete()
