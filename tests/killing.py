"""Kill the process function before or after one of its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.machine import KilledError
from tests.simulated import World
from tracking.store import DocumentWrite, JobSnapshot, JobWrite
from tracking.store.memory import MemoryStore


class Killing:
    """Counts the calls to the store, the staging storage and the platform, and kills the process at one of them."""

    def __init__(self, world: World, at: int, *, is_applied: bool) -> None:
        self.calls = 0
        self._at, self._is_applied = at, is_applied
        self._is_on = False
        self.store = _KillingStore(self, world)
        world.store = self.store
        world.before_call = lambda _method, _path: self.around(lambda: None)
        put = world.staged.put
        world.staged.put = lambda key, body: self.around(lambda: put(key, body))  # type: ignore[method-assign]
        self._invoke = world.invoke
        world.invoke = self._watched  # type: ignore[method-assign]

    def _watched(self, event: dict[str, Any]) -> dict[str, Any]:
        self._is_on = True
        try:
            return self._invoke(event)
        finally:
            self._is_on = False

    def around(self, call: Callable[[], Any]) -> Any:
        if not self._is_on:
            return call()
        self.calls += 1
        if self.calls != self._at:
            return call()
        if self._is_applied:
            call()
        raise KilledError


class _KillingStore(MemoryStore):
    def __init__(self, killing: Killing, world: World) -> None:
        super().__init__(world.clock)
        self._killing = killing

    def get_job(self, job_id: str) -> JobSnapshot | None:
        return self._killing.around(lambda: super(_KillingStore, self).get_job(job_id))  # type: ignore[no-any-return]

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        return self._killing.around(lambda: super(_KillingStore, self).commit(job, documents))  # type: ignore[no-any-return]
