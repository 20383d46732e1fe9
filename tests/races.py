"""Parts of a race for the same jobs: the jobs, limits that the jobs never reach, and a count of the starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from google.cloud.firestore_v1 import Client

from tests.factories import job_document
from tracking.executions import MemoryExecutions
from tracking.settings import Limits

LIMITS = Limits(running=500, per_credential=500, max_open_jobs=501)


class CountedExecutions(MemoryExecutions):
    """Executions that count every call of `start` by job, not only the first call of a name."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: Counter[str] = Counter()

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        with self._lock:
            self.starts[str(payload["jobId"])] += 1
        super().start(name, payload)


def fill(client: Client, count: int) -> None:
    """Add `count` pending jobs named `job000`, `job001` and so on."""
    batch = client.batch()
    for number in range(count):
        batch.create(client.collection("trackingJobs").document(f"job{number:03}"), job_document())
    batch.commit()
