"""Choose which waiting jobs start now: within the limits, in turns of organisations, and by priority within each.

When few jobs wait, one query reads them all. When many wait, the tick makes one small query per organisation. Its cost
then depends on the jobs that start and on the number of organisations, not on the number of waiting jobs.

    organisation A   a1 a2 a3 ... a10000      the order:  a1 b1 c1 a2 c2 a3 a4 ...
    organisation B   b1
    organisation C   c1 c2
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import takewhile
from types import MappingProxyType

from tracking import adoption
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
SPARE_JOBS = 2  # an organisation may have older jobs of a negative priority


@dataclass(frozen=True, slots=True)
class Choice:
    """The jobs that were chosen, and what was learnt about the others."""

    chosen: list[Pending]
    malformed: list[tuple[JobSnapshot, InvalidJobError]]
    left_out: set[str]  # ids of jobs that an earlier tick found unwritable
    held: list[JobSnapshot]  # older than this system: they wait for an operator
    has_more: bool = False  # an organisation may have more jobs than were read, though slots may be free


def choose(
    deps: TriggerDeps,
    slots: Slots,
    page: Sequence[JobSnapshot],
    control: Control,
    remaining_s: Callable[[], float],
    *,
    saw_all: bool,
    without: Collection[str] = (),
    stuck: Mapping[str, int] = MappingProxyType({}),
) -> Choice:
    """Choose the jobs to start. Read more than `page` if `page` does not hold all waiting jobs.

    Costs one read for each organisation whose turn it is, and two or more for its jobs.
    `without`: ids of jobs that had their turn in this tick. `stuck`: how many of them may still wait, by organisation.
    Jobs that an earlier tick found unwritable, and jobs that another tick is about to claim, are left out, too.
    """
    read = _Read(page)
    if slots.total and not saw_all:
        read = _read_more(deps, slots, page, control, remaining_s, stuck)
    left_out = {job.job_id for job in read.jobs if deps.hints.is_unwritable(job)}
    held = {job.job_id: job for job in read.jobs if adoption.is_held(job, control.adopted_from)}
    passed_over = left_out.union(without, held)
    pending, malformed = parse_all(job for job in read.jobs if job.job_id not in passed_over)
    free = read.in_shares(p for p in pending if not control.is_starting(p))
    chosen = control.turns.pick(free, slots, read.upcoming)
    return Choice(chosen, malformed, left_out, list(held.values()), read.has_more)


@dataclass(frozen=True, slots=True)
class _Read:
    """The jobs that were read, and what is known of those that were not."""

    jobs: Sequence[JobSnapshot]
    upcoming: Mapping[str, set[str]] = field(default_factory=dict)
    """The organisations that come next, for each credential of which not all are known."""
    shares: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """The number of jobs that were read of an organisation for a credential."""
    has_more: bool = False
    """Whether an organisation may have more jobs, although all organisations are known."""

    def in_shares(self, pending: Iterable[Pending]) -> list[Pending]:
        """Leave out what goes beyond an organisation's share: else it would get turns that others wait for."""
        taken: Counter[tuple[str, str]] = Counter()
        kept = []
        for one in pending:
            key = one.job.org_id, PLATFORMS[one.job.platform].credential
            taken[key] += 1
            if taken[key] <= self.shares.get(key, taken[key]):
                kept.append(one)
        return kept


def _read_more(
    deps: TriggerDeps,
    slots: Slots,
    page: Sequence[JobSnapshot],
    control: Control,
    remaining_s: Callable[[], float],
    stuck: Mapping[str, int],
) -> _Read:
    """Read the first jobs of the organisations whose turn is next. Return them with `page`.

    If all organisations are known, each gives an equal share, and together they can fill the slots.
    """
    unwritable = Counter(org for _, org in deps.hints.unwritable.values())
    spare = len(unwritable)  # these organisations may have nothing to start
    left_out = unwritable + Counter(stuck)
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        walk_of = partial(_next_orgs, deps, slots, control.turns, spare, remaining_s)
        walks = dict(zip(CREDENTIALS, pool.map(walk_of, CREDENTIALS), strict=True))
        wanted = [
            (org, credential, (walk.share_of(slots.of_credential(credential)) if walk.is_whole else 1) + left_out[org])
            for credential, walk in walks.items()
            for org in walk.orgs
        ]
        jobs_of = partial(_first_jobs, deps, slots, control.adopted_from, remaining_s)
        found = list(pool.map(lambda one: jobs_of(*one), wanted))
    known = {job.job_id: job for jobs in (page, *filter(None, found)) for job in jobs}
    unread = {org for (org, *_), jobs in zip(wanted, found, strict=True) if jobs is None}
    upcoming = {
        credential: set(takewhile(lambda org: org not in unread, walk.orgs))
        for credential, walk in walks.items()
        if not walk.is_whole or unread.intersection(walk.orgs)
    }
    has_more = any(
        walks[credential].is_whole and len(jobs or ()) >= number
        for (_, credential, number), jobs in zip(wanted, found, strict=True)
    )
    shares = {(org, credential): number for org, credential, number in wanted}
    return _Read(list(known.values()), upcoming, shares, has_more)


@dataclass(frozen=True, slots=True)
class _Walk:
    """The organisations that come next in a credential's round."""

    orgs: list[str]
    is_whole: bool  # whether no other organisation waits

    def share_of(self, slots: int) -> int:
        """Return how many jobs to read of each organisation, so that they can fill the slots together.

        One or two organisations are read for all slots: that costs less than to walk once more.
        """
        return slots if len(self.orgs) <= 2 else math.ceil(slots / len(self.orgs)) + SPARE_JOBS


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
    deps: TriggerDeps,
    slots: Slots,
    since: datetime | None,
    remaining_s: Callable[[], float],
    org: str,
    credential: str,
    number: int,
) -> list[JobSnapshot] | None:
    """Return the jobs of the organisation that start first, or None without a query if time is short.

    `since`: jobs that were last written earlier are held. Because they are the oldest, they may be all that the first
    query finds. Then others ask for those that were created, or put back into the queue, later.
    """
    if remaining_s() < QUERY_RESERVE_S:
        return None
    platforms = _open_platforms(slots, credential)
    found = deps.store.pending_of_org(org, platforms, number)
    if any(adoption.is_held(job, since) for job in found):
        found += deps.store.pending_of_org(org, platforms, number, since)
    return found


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
