"""Choose which waiting jobs start now: within the limits, fair between organisations, and by priority within each.

When few jobs wait, one query reads them all. When many wait, the tick makes one small query per organisation. Its cost
then depends on the jobs that start and on the number of organisations, not on the number of waiting jobs.

    organisation A   a1 a2 a3 ... a10000      the order:  a1 b1 c1 a2 c2 a3 a4 ...
    organisation B   b1
    organisation C   c1 c2
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from tracking import pauses, walks
from tracking.errors import InvalidJobError
from tracking.jobs import Job, PlatformName
from tracking.pauses import Pause
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.settings import Limits
from tracking.store import JobSnapshot
from tracking.wiring import TriggerDeps
from trigger.sweep import Running

PARALLEL_QUERIES = 16


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending document that holds a well-formed job."""

    job: Job
    snapshot: JobSnapshot


@dataclass(frozen=True, slots=True)
class Waiting:
    """The jobs that were chosen, and what was learnt about the others."""

    chosen: list[Pending]
    malformed: list[tuple[JobSnapshot, InvalidJobError]]
    oldest: datetime | None  # creation time of the oldest job that was read
    left_out: set[str]  # ids of jobs that an earlier tick found unwritable


class Slots:
    """The number of jobs that may start in this tick: in all, by credential and by platform."""

    def __init__(self, limits: Limits, running: Running, paused: Mapping[PlatformName, Pause], now: datetime) -> None:
        self.total = max(0, limits.running - running.total)
        used: Counter[str] = Counter()
        for platform, number in running.by_platform.items():
            used[PLATFORMS[platform].credential] += number
        self._by_credential = {name: limits.per_credential - used[name] for name in CREDENTIALS}
        self._by_platform = {
            platform: allowed
            for platform, pause in paused.items()
            if (allowed := pause.starts_allowed(now)) is not None
        }

    def of(self, platform: PlatformName) -> int:
        own = self._by_platform.get(platform, self.total)
        return max(0, min(self.total, self._by_credential[PLATFORMS[platform].credential], own))

    def take(self, platform: PlatformName) -> bool:
        if not self.of(platform):
            return False
        self.total -= 1
        self._by_credential[PLATFORMS[platform].credential] -= 1
        if platform in self._by_platform:
            self._by_platform[platform] -= 1
        return True

    def give_back(self, platform: PlatformName) -> None:
        """Free the slot of a job that could not be claimed."""
        self.total += 1
        self._by_credential[PLATFORMS[platform].credential] += 1
        if platform in self._by_platform:
            self._by_platform[platform] += 1

    def closed(self) -> set[PlatformName]:
        return {platform for platform in PlatformName if not self.of(platform)}


def choose(
    deps: TriggerDeps, slots: Slots, page: Sequence[JobSnapshot], *, saw_all: bool, without: Collection[str] = ()
) -> Waiting:
    """Choose the jobs to start. Read more than `page` if `page` does not hold all waiting jobs.

    `without`: ids of jobs that had their turn in this tick. Jobs that an earlier tick found unwritable are left out,
    too.
    """
    seen = page if saw_all or not slots.total else _read_more(deps, slots, page)
    left_out = {job.job_id for job in seen if deps.hints.is_unwritable(job)}
    passed_over = left_out.union(without)
    pending, malformed = parse_all(job for job in seen if job.job_id not in passed_over)
    oldest = min((p.job.created_at for p in pending), default=None)
    return Waiting(pick(pending, slots), malformed, oldest, left_out)


def _read_more(deps: TriggerDeps, slots: Slots, page: Sequence[JobSnapshot]) -> list[JobSnapshot]:
    """Return `page`, the first jobs of every waiting organisation, and the next page of a scan of all waiting jobs.

    The scan goes on from tick to tick, so it finds every malformed job in the end.
    """
    open_platforms = [platform for platform in PlatformName if slots.of(platform)]
    wanted = [(org, platform) for org in _waiting_orgs(deps, slots, open_platforms) for platform in open_platforms]
    unwritable = Counter(org for _, org in deps.hints.unwritable.values())
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        found = pool.map(lambda w: deps.store.pending_of_org(w[0], w[1], slots.of(w[1]) + unwritable[w[0]]), wanted)
    page_size = deps.limits.pending_page_size
    stray = deps.store.pending_jobs(page_size, from_id=deps.hints.next_scan_id)
    deps.hints.next_scan_id = stray[-1].job_id if len(stray) == page_size else ""
    known = {job.job_id: job for jobs in (page, stray, *found) for job in jobs}
    return list(known.values())


def _waiting_orgs(deps: TriggerDeps, slots: Slots, platforms: Sequence[PlatformName]) -> list[str]:
    """Return at most one organisation per free slot. The walk starts at a random id, so no organisation is starved."""
    begin = walks.random_start()
    orgs: list[str] = []
    after, has_wrapped = begin, False
    while platforms and len(orgs) < slots.total:
        org = deps.store.next_waiting_org(after, platforms)
        if org is None and not has_wrapped:
            after, has_wrapped = "", True
        elif org is None or (has_wrapped and org > begin):
            break
        else:
            orgs.append(org)
            after = org
    return orgs


def parse_all(snapshots: Iterable[JobSnapshot]) -> tuple[list[Pending], list[tuple[JobSnapshot, InvalidJobError]]]:
    """Parse the jobs. Return the well-formed ones, by priority and then by age, and the malformed ones with errors."""
    pending, malformed = [], []
    for snapshot in snapshots:
        try:
            pending.append(Pending(snapshot.parse(), snapshot))
        except InvalidJobError as error:
            malformed.append((snapshot, error))
    pending.sort(key=lambda p: (-p.job.priority, p.job.created_at))
    return pending, malformed


def pick(pending: Sequence[Pending], slots: Slots) -> list[Pending]:
    """Pick jobs in turns: one of each organisation, then a second of each. The longest-waiting organisation begins."""
    queues: defaultdict[str, deque[Pending]] = defaultdict(deque)
    for job in pending:
        queues[job.job.org_id].append(job)
    turns = deque(sorted(queues.values(), key=lambda queue: min(p.job.created_at for p in queue)))
    chosen: list[Pending] = []
    while turns and slots.total:
        queue = turns.popleft()
        taken = next((job for job in _drain(queue) if slots.take(job.job.platform)), None)
        if taken is not None:
            chosen.append(taken)
            turns.append(queue)
    return chosen


def _drain(queue: deque[Pending]) -> Iterator[Pending]:
    """Remove and yield each job. A job that finds no slot is not tried again in this tick."""
    while queue:
        yield queue.popleft()


def read_pauses(deps: TriggerDeps) -> dict[PlatformName, Pause]:
    """Return the pauses that still hold jobs back."""
    now = deps.clock.now()
    found = pauses.from_document(deps.store.get_document(pauses.CONTROL_DOCUMENT))
    return {platform: pause for platform, pause in found.items() if pause.starts_allowed(now) is not None}
