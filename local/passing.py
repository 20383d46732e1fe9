"""A day passes on the local stack: what is there becomes a day older, the platforms go on, and accounts are refreshed.

    1  no job of the project runs      its points would come between
    2  accounts move back by a day     `local.moving_back`; the clocks of functions, rules and browsers stay
    3  the simulator's day goes up     `local.simulator.today`: counts grow, posts come
    4  accounts become due             and the deployed refresh tick fetches them, as each day

So after a minute a project has what a day of tracking brings. The stack's lock is held meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from local import LocalError, auth, aws, moving_back, stack
from local.day_counter import DayCounter
from local.moving_back import DAY
from local.simulator.today import Today
from tracking import refreshes
from tracking.clock import Clock, SystemClock
from tracking.firestore_access import firestore_client
from tracking.google_credentials import is_emulated
from tracking.history.past import map_of
from tracking.refreshes import Cadence
from tracking.store import REFRESHES, DocumentWrite, JobSnapshot, StaleVersionError, Store, account_path
from tracking.store.firestore import FirestoreStore

QUIET_WITHIN = timedelta(seconds=60)
"""How long jobs that run are waited for."""
FETCHED_WITHIN = timedelta(seconds=90)
"""How long the refreshes of the new day are waited for. They take some seconds."""
_LOOK_S = 0.5
_NOT_YET = timedelta(hours=1)
_MOST_JOBS = 2_000


class Project(NamedTuple):
    org_id: str
    project_id: str


PROJECTS = tuple(Project(user.org_id, user.project_id) for user in auth.USERS)
"""The projects whose days pass: those of the people who can sign in."""


class Passed(NamedTuple):
    day: int
    """The days that have passed by now."""
    fetched: int
    """The accounts that were fetched on the new day."""
    waiting: int
    """Those that were due, and are not fetched yet: their platform is paused, or they failed."""


class Counter(Protocol):
    def today(self) -> Today: ...

    def set(self, today: Today) -> None: ...


def pass_day(state: stack.State, projects: Collection[Project] = PROJECTS, clock: Clock | None = None) -> Passed:
    """Let a day pass on the running stack. Raises LocalError, with a sentence for a person, when that is not possible.

    The environment of this process is set to the stack's.
    """
    os.environ.update(state.environment())
    project = os.environ["GOOGLE_CLOUD_PROJECT"]
    if not is_emulated(project):
        raise LocalError("A day passes on the emulator alone, and this is a real project.")
    with stack.alone("a day that passes"):
        client = firestore_client(project)
        days = Days(
            store=FirestoreStore(client),
            refreshes=FirestoreStore(client, queue=REFRESHES),
            counter=DayCounter(state.firestore(), state.simulator()),
            tick=lambda: _tick(state),
            clock=clock or SystemClock(),
        )
        return days.pass_one(projects)


def _tick(state: stack.State) -> None:
    """Start the deployed refresh tick, beside those of the minute. It goes on while it starts refreshes."""
    name = aws.physical_name(state.aws(), "RefreshFunction")
    functions = aws.client("lambda", state.aws())
    functions.invoke(FunctionName=f"{name}:live", InvocationType="Event", Payload=b"{}")


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a store's projects. `refreshes`: the same store, for the jobs with which accounts are refreshed."""

    store: Store
    refreshes: Store
    counter: Counter
    tick: Callable[[], None]
    clock: Clock

    def pass_one(self, projects: Collection[Project]) -> Passed:
        self._wait_for_jobs(projects)
        now, today = self.clock.now(), self.counter.today()
        due = [path for project in projects for path in self._move(project, now)]
        passed = Today(today.day + 1, today.since if today.day else now)
        self.counter.set(passed)
        self._forget_refreshes(projects)
        begun = self.clock.now()
        self.store.update_each([DocumentWrite(path, {"nextRefreshAt": begun}) for path in due])
        if due:
            self.tick()
        fetched = self._wait_for_fetches(projects, due, begun)
        return Passed(passed.day, fetched, len(due) - fetched)

    def _move(self, project: Project, now: datetime) -> list[str]:
        """Move the project's accounts back by a day. Return the paths of those that are due on the new day.

        They become due when the simulator has the new day: until then their time is in the future, in case that this is
        stopped in between.
        """
        due, not_before = [], {"nextRefreshAt": now + _NOT_YET}
        for account_id, document in self._accounts(project).items():
            path = account_path(*project, account_id)
            is_due = _is_due(document, now)
            try:
                moving_back.move_back(self.store, path, document, not_before if is_due else {})
            except StaleVersionError as error:
                raise LocalError(f"A job has just written to {account_id}: let the day pass again.") from error
            due += [path] if is_due else []
        return due

    def _accounts(self, project: Project) -> Mapping[str, Mapping[str, Any]]:
        return self.store.get_documents(account_path(*project, "-").rpartition("/")[0])

    def _wait_for_jobs(self, projects: Collection[Project]) -> None:
        until = self.clock.now() + QUIET_WITHIN
        while number := len(self._running(self.store, projects)) + len(self._running(self.refreshes, projects)):
            if self.clock.now() >= until:
                jobs = "One job is" if number == 1 else f"{number} jobs are"
                raise LocalError(f"{jobs} still running: let the day pass when they have ended.")
            self.clock.sleep(_LOOK_S)

    @staticmethod
    def _running(store: Store, projects: Collection[Project]) -> list[JobSnapshot]:
        return [job for job in store.processing_jobs(_MOST_JOBS) if _project_of(job) in projects]

    def _forget_refreshes(self, projects: Collection[Project]) -> None:
        """Delete the refreshes that have ended, as their time to live would have.

        Their ids are made of the due minute, and two days may pass within one.
        """
        while ended := [job for job in self.refreshes.finished_jobs(_MOST_JOBS) if _project_of(job) in projects][:500]:
            if not self.refreshes.delete_jobs(ended):
                break

    def _wait_for_fetches(self, projects: Collection[Project], due: Collection[str], begun: datetime) -> int:
        """Wait until each due account was fetched, or its refresh has failed. Return how many were fetched."""
        until = self.clock.now() + FETCHED_WITHIN
        while True:
            accounts = self.store.get_each(due)
            fetched = [path for path in due if _moment(accounts.get(path), "lastSyncedAt") >= begun]
            is_planned = all(_moment(accounts.get(path), "nextRefreshAt") != begun for path in due)
            is_over = is_planned and not self._running(self.refreshes, projects)
            if len(fetched) == len(due) or is_over or self.clock.now() >= until:
                return len(fetched)
            self.clock.sleep(_LOOK_S)


def _is_due(document: Mapping[str, Any], now: datetime) -> bool:
    """Return whether the account is fetched on the new day. Daily ones are, others when their time has come."""
    next_at = document.get("nextRefreshAt")
    if not isinstance(next_at, datetime):
        return False
    hours = refreshes.planned_hours(document, Cadence.DAILY)
    is_daily = hours is not None and hours <= 24 and not document.get("unavailable")
    return is_daily or next_at - DAY <= now


def _moment(document: Mapping[str, Any] | None, name: str) -> datetime:
    value = map_of(document).get(name)
    return value if isinstance(value, datetime) else datetime.min.replace(tzinfo=UTC)


def _project_of(job: JobSnapshot) -> Project:
    return Project(str(job.data.get("orgId")), str(job.data.get("projectId")))
