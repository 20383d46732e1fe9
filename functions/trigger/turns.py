"""Turns: the organisation whose job starts next.

Each credential has a round. The round goes through the waiting organisations in the order of their ids, and each one
gets one turn. The control document keeps the place of each round, so the next tick continues there. Ages of jobs do
not matter: an organisation's first waiting job starts before any other organisation gets a second turn.

    youtube   acme ── beta ── cool ── delta ──> round 2: acme ...
                       └─ place (1, beta): the next turn is cool's

If the limit of all jobs binds, credentials share it: the round that is furthest behind takes the next turn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from tracking.platform_contract import CREDENTIALS, PLATFORMS
from trigger.slots import Pending, Slots

FIELD = "turns"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The last turn of a round."""

    number: int = 0
    org: str = ""

    def next_in(self, orgs: Sequence[str]) -> Place:
        """Return the next turn. `orgs`: the waiting organisations, sorted, at least one."""
        index = bisect_right(orgs, self.org)
        return Place(self.number, orgs[index]) if index < len(orgs) else Place(self.number + 1, orgs[0])


class Turns:
    """The places of all rounds. `pick` moves them."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        """Read the control document. A place that cannot be read counts as the beginning of the first round."""
        stored = (document or {}).get(FIELD)
        places = {name: _read(stored.get(name) if isinstance(stored, dict) else None) for name in CREDENTIALS}
        # A round that was held up for long may catch up by one round, not more: else the others would stand still.
        least = max(place.number for place in places.values()) - 1
        self._places = {name: Place(max(place.number, least), place.org) for name, place in places.items()}
        self._before = dict(self._places)

    def after(self, credential: str) -> str:
        """Return the organisation that had the last turn."""
        return self._places[credential].org

    @property
    def have_moved(self) -> bool:
        return self._places != self._before

    def are_written(self) -> None:
        self._before = dict(self._places)

    def to_store(self) -> dict[str, Any]:
        """Return the value of the document's field."""
        return {name: {"round": place.number, "org": place.org} for name, place in self._places.items()}

    def pick(
        self, pending: Sequence[Pending], slots: Slots, upcoming: Mapping[str, Collection[str]] = MappingProxyType({})
    ) -> list[Pending]:
        """Return the jobs that get the free slots.

        `pending`: the jobs of each organisation in their order. `upcoming`: the organisations that come next, for each
        credential of which not all are known. Each of them gets one turn, and no other gets one. One that has no job to
        start passes its turn on; else the same ones would be read in each tick.
        """
        queues = _queues(pending, upcoming)
        waiting = {credential: sorted(of_orgs) for credential, of_orgs in queues.items() if of_orgs}
        chosen: list[Pending] = []
        while slots.total and waiting:
            turns = [(self._places[name].next_in(orgs), name) for name, orgs in waiting.items()]
            turn, credential = min(turns, key=lambda one: (one[0], [p.order() for p in queues[one[1]][one[0].org][:1]]))
            has_jobs = bool(queues[credential][turn.org])
            # If the limit of all jobs binds, the organisation's first job gets the turn, whatever its credential.
            is_scarce = slots.total < sum(slots.of_credential(name) for name in waiting)
            own = [queues[name].get(turn.org, []) for name in (queues if is_scarce else [credential])]
            taken = _take(own, slots)
            if taken is not None:
                chosen.append(taken)
            if taken is not None or not has_jobs:
                self._places[credential] = turn
            is_over = taken is None or credential in upcoming
            for name in [name for name, orgs in waiting.items() if turn.org in orgs]:
                if not queues[name][turn.org] or (is_over and name == credential):
                    waiting[name].remove(turn.org)
            waiting = {name: orgs for name, orgs in waiting.items() if orgs}
        return chosen


def _queues(pending: Sequence[Pending], upcoming: Mapping[str, Collection[str]]) -> dict[str, dict[str, list[Pending]]]:
    """Return the jobs by credential and organisation. An organisation that comes next may have none."""
    queues: defaultdict[str, dict[str, list[Pending]]] = defaultdict(dict)
    for job in pending:
        credential, org = PLATFORMS[job.job.platform].credential, job.job.org_id
        if credential not in upcoming or org in upcoming[credential]:
            queues[credential].setdefault(org, []).append(job)
    for credential, orgs in upcoming.items():
        for org in orgs:
            queues[credential].setdefault(org, [])
    return queues


def _take(queues: Sequence[list[Pending]], slots: Slots) -> Pending | None:
    """Remove and return the first job that finds a slot, by priority and age, or None."""
    for job in sorted(chain(*queues), key=Pending.order):
        if slots.take(job.job.platform):
            for queue in queues:
                if job in queue:
                    queue.remove(job)
            return job
    return None


def _read(stored: Any) -> Place:
    number, org = (stored.get("round"), stored.get("org")) if isinstance(stored, dict) else (None, None)
    return Place(number, org) if type(number) is int and 0 <= number < 2**53 and isinstance(org, str) else Place()
