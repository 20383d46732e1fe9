"""Choose which waiting jobs start now: within the limits, in turns of organisations, and by priority within each.

When few jobs wait, one query reads them all. When many wait, the tick makes one small query per organisation. Its cost
then depends on the jobs that start and on the number of organisations, not on the number of waiting jobs.

    organisation A   a1 a2 a3 ... a10000      the order:  a1 b1 c1 a2 c2 a3 a4 ...
    organisation B   b1
    organisation C   c1 c2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import takewhile
from types import MappingProxyType

from tracking.errors import InvalidJobError
from tracking.jobs import PlatformName
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.store import JobSnapshot
from tracking.wiring import TriggerDeps
from trigger.control import Control
from trigger.slots import Pending, Slots
from trigger.turns import Turns

WALK_RESERVE_S = 35.0  # for the jobs of the organisations that were found, and for their claims
QUERY_RESERVE_S = 22.0  # a little more than a claim needs: CLAIM_RESERVE_S
PARALLEL_QUERIES = 16


@dataclass(frozen=True, slots=True)
class Waiting:
    """The jobs that were chosen, and what was learnt about the others."""

    chosen: list[Pending]
    malformed: list[tuple[JobSnapshot, InvalidJobError]]
    oldest: datetime | None  # creation time of the oldest job that was read
    left_out: set[str]  # ids of jobs that an earlier tick found unwritable


def choose(
    deps: TriggerDeps,
    slots: Slots,
    page: Sequence[JobSnapshot],
    control: Control,
    remaining_s: Callable[[], float],
    *,
    saw_all: bool,
    without: Mapping[str, str] = MappingProxyType({}),
) -> Waiting:
    """Choose the jobs to start. Read more than `page` if `page` does not hold all waiting jobs.

    Costs one read for each organisation whose turn it is, and two or more for its jobs.
    `without`: ids of jobs that had their turn in this tick, with their organisations. Jobs that an earlier tick found
    unwritable, and jobs that another tick is about to claim, are left out, too.
    """
    seen = page
    parts: dict[str, set[str]] = {}
    if slots.total and not saw_all:
        seen, parts = _read_more(deps, slots, page, control.turns, remaining_s, without)
    left_out = {job.job_id for job in seen if deps.hints.is_unwritable(job)}
    passed_over = left_out.union(without)
    pending, malformed = parse_all(job for job in seen if job.job_id not in passed_over)
    oldest = min((p.job.created_at for p in pending), default=None)
    free = [p for p in pending if not control.is_starting(p)]
    return Waiting(control.turns.pick(free, slots, parts), malformed, oldest, left_out)


def _read_more(
    deps: TriggerDeps,
    slots: Slots,
    page: Sequence[JobSnapshot],
    turns: Turns,
    remaining_s: Callable[[], float],
    without: Mapping[str, str],
) -> tuple[list[JobSnapshot], dict[str, set[str]]]:
    """Read the first jobs of the organisations whose turn is next.

    Return these jobs with `page`, and the organisations that were found of each credential that has more of them.
    """
    unwritable = Counter(org for _, org in deps.hints.unwritable.values())
    spare = len(unwritable)  # these organisations may have nothing to start
    left_out = unwritable + Counter(without.values())
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        walk_of = partial(_next_orgs, deps, slots, turns, spare, remaining_s)
        walks = dict(zip(CREDENTIALS, pool.map(walk_of, CREDENTIALS), strict=True))
        wanted = [
            (org, credential, (slots.of_credential(credential) if walk.is_whole else 1) + left_out[org])
            for credential, walk in walks.items()
            for org in walk.orgs
        ]
        found = list(pool.map(lambda one: _first_jobs(deps, slots, one[0], one[1], one[2], remaining_s), wanted))
    known = {job.job_id: job for jobs in (page, *filter(None, found)) for job in jobs}
    unread = {org for (org, *_), jobs in zip(wanted, found, strict=True) if jobs is None}
    parts = {
        credential: set(takewhile(lambda org: org not in unread, walk.orgs))
        for credential, walk in walks.items()
        if not walk.is_whole or unread.intersection(walk.orgs)
    }
    return list(known.values()), parts


@dataclass(frozen=True, slots=True)
class _Walk:
    """The organisations that come next in a credential's round."""

    orgs: list[str]
    is_whole: bool  # whether no other organisation waits


def _next_orgs(
    deps: TriggerDeps, slots: Slots, turns: Turns, spare: int, remaining_s: Callable[[], float], credential: str
) -> _Walk:
    """Walk on from the organisation that had the last turn. Find one per free slot, and `spare` more.

    Each step is a query that needs the answer of the one before. If the database is slow, the walk ends early enough to
    start what it found, and the next tick continues it.
    """
    platforms, wanted = _open_platforms(slots, credential), slots.of_credential(credential) + spare
    begin = turns.after(credential)
    orgs: list[str] = []
    after, has_wrapped = begin, False
    while platforms and len(orgs) < wanted and (not orgs or remaining_s() > WALK_RESERVE_S):
        org = deps.store.next_waiting_org(after, platforms)
        if org is None and not has_wrapped:
            after, has_wrapped = "", True
        elif org is None or (has_wrapped and org > begin):
            return _Walk(orgs, is_whole=True)
        else:
            orgs.append(org)
            after = org
    return _Walk(orgs, is_whole=not platforms)


def _first_jobs(
    deps: TriggerDeps, slots: Slots, org: str, credential: str, number: int, remaining_s: Callable[[], float]
) -> list[JobSnapshot] | None:
    """Return the jobs of the organisation that start first, or None without a query if time is short."""
    if remaining_s() < QUERY_RESERVE_S:
        return None
    return deps.store.pending_of_org(org, _open_platforms(slots, credential), number)


def _open_platforms(slots: Slots, credential: str) -> list[PlatformName]:
    return [name for name in PlatformName if PLATFORMS[name].credential == credential and slots.of(name)]


def parse_all(snapshots: Iterable[JobSnapshot]) -> tuple[list[Pending], list[tuple[JobSnapshot, InvalidJobError]]]:
    """Parse the jobs. Return the well-formed ones, by priority and then by age, and the malformed ones with errors."""
    pending, malformed = [], []
    for snapshot in snapshots:
        try:
            pending.append(Pending(snapshot.parse(), snapshot))
        except InvalidJobError as error:
            malformed.append((snapshot, error))
    pending.sort(key=Pending.order)
    return pending, malformed
