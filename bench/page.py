"""The times that a person waits at the demo page, measured in a real browser, and the size of the web package."""

from __future__ import annotations

import contextlib
import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from google.cloud.firestore_v1 import Client, WriteBatch
from google.cloud.firestore_v1.base_query import FieldFilter
from playwright.sync_api import Browser, Page, Route, sync_playwright

from bench import BenchError
from bench.claims import pending_job
from bench.table import Relation, Row, Target
from bench.timing import ms
from local import auth, browser, commands, firestore, stack
from local.paths import WEB
from tracking.jobs import FINISHED, Status
from tracking.store import JOBS

ADA = auth.USERS[0]
WRITES = 40
KICKED = 20
TICKED = 12
TICKED_EVERY_S = 5.0  # spreads the 12 jobs over a minute, so that each waits a different time for the tick
FEW_ACCOUNTS = 20
MANY_ACCOUNTS = 2_000
RELOADS = 5
BATCH = 500  # writes that Firestore takes in a batch
_LIMIT_S = 90.0

# Notes when each value of a progress bar was first painted, by the clock of Python's time.time(). If an animation frame
# posts a task, the task runs after the paint of that frame.
_OBSERVE = """() => {
  window.seen = {};
  const note = () => document.querySelectorAll('[role=progressbar][aria-valuenow]').forEach((bar) => {
    window.seen[bar.getAttribute('aria-valuenow')] ??= performance.timeOrigin + performance.now();
  });
  const afterPaint = () => requestAnimationFrame(() => setTimeout(note));
  new MutationObserver(afterPaint).observe(document, { subtree: true, childList: true, attributes: true });
}"""


def rows(state: stack.State) -> list[Row]:
    """Measure the page. A missing Chromium is fetched first, as for `make test`."""
    database = Client(project=firestore.PROJECT)
    with _chromium() as chromium:
        pixel = _pixel_row(state, chromium, database)
        start = _start_row(state, chromium, database)
        listed = _list_row(state, chromium, database)
    return [pixel, start, listed]


@contextlib.contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(browser.installed()), args=list(browser.FLAGS))
        yield running
        running.close()


@contextlib.contextmanager
def _project(database: Client) -> Iterator[str]:
    """A project of Ada's organisation for one measurement. Its jobs are deleted afterwards."""
    project_id = f"bench-{uuid4().hex}"
    try:
        yield project_id
    finally:
        for job in database.collection(JOBS).where(filter=FieldFilter("projectId", "==", project_id)).stream():
            job.reference.delete()


def _open(state: stack.State, chromium: Browser, project_id: str, *, can_kick: bool = True) -> Page:
    """Open the page on this project, signed in as Ada."""

    def configure(route: Route) -> None:
        known: dict[str, Any] = route.fetch().json()
        known["users"] = [user | {"trackedProjectId": project_id} for user in known["users"]]
        if not can_kick:
            known["triggerUrl"] = ""
        route.fulfill(json=known)

    address = state.page()
    if address is None:
        raise BenchError("There is no demo page without Node.")
    page = chromium.new_page()
    page.route("**/config.json", configure)
    page.goto(address)
    page.get_by_role("button", name=ADA.name).click()
    page.get_by_label("Username").wait_for()
    return page


def _pixel_row(state: stack.State, chromium: Browser, database: Client) -> Row:
    with _project(database) as project_id:
        page = _open(state, chromium, project_id)
        job = database.collection(JOBS).document()
        now = datetime.now(UTC)
        leased = {"status": Status.PROCESSING, "startedAt": now, "leaseUntil": now + timedelta(hours=1), "attempt": 1}
        job.set(pending_job() | {"orgId": ADA.org_id, "projectId": project_id, "createdAt": now} | leased)
        page.get_by_role("progressbar").first.wait_for()
        page.evaluate(_OBSERVE)
        pixel_s, acknowledged_s = [], []
        for value in range(1, 1 + WRITES):
            began = time.time()
            job.update({"progress": value})
            acknowledged_s.append(time.time() - began)
            seen = page.wait_for_function("value => window.seen[value]", arg=value, timeout=10_000)
            pixel_s.append(seen.json_value() / 1000 - began)
        page.close()
    return Row(
        "Firestore write to changed pixel / to its acknowledgement",
        median(pixel_s) / median(acknowledged_s),
        Target(Relation.AT_MOST, 2.0),
        f"{_spread(pixel_s)} / {_spread(acknowledged_s)}",
    )


def _start_row(state: stack.State, chromium: Browser, database: Client) -> Row:
    kicked_s = _track(state, chromium, database, KICKED, every_s=0.0, can_kick=True)
    ticked_s = _track(state, chromium, database, TICKED, every_s=TICKED_EVERY_S, can_kick=False)
    return Row(
        "createJob to processing, by the minute's tick alone / with the kick",
        median(ticked_s) / median(kicked_s),
        Target(Relation.AT_LEAST, 5.0),
        f"{_spread(ticked_s)} / {_spread(kicked_s)}",
    )


def _track(
    state: stack.State, chromium: Browser, database: Client, count: int, *, every_s: float, can_kick: bool
) -> list[float]:
    """Track `count` accounts. Return the seconds from each press of Track until a Firestore listener sees the claim.

    `every_s`: the pause between two presses. With 0 each job ends before the next press, so that no job waits for a
    free place.
    """
    claimed_at: dict[str, float] = {}
    ended: set[str] = set()

    def changed(documents: Sequence[Any], _changes: object, _read_at: object) -> None:
        for document in documents:
            if document.get("status") != Status.PENDING:
                claimed_at.setdefault(document.get("username"), time.time())
            if document.get("status") in FINISHED:
                ended.add(document.get("username"))

    pressed_at: dict[str, float] = {}
    with _project(database) as project_id:
        of_project = database.collection(JOBS).where(filter=FieldFilter("projectId", "==", project_id))
        watch = of_project.on_snapshot(changed)
        try:
            page = _open(state, chromium, project_id, can_kick=can_kick)
            for number in range(1, 1 + count):
                username = f"sim_videos_{number}"
                page.get_by_label("Username").fill(username)
                pressed_at[username] = time.time()
                page.get_by_role("button", name="Track", exact=True).click()
                page.wait_for_function("() => document.querySelector('input').value === ''")  # the job is written
                if every_s:
                    page.wait_for_timeout(every_s * 1000)
                else:
                    _await(page, ended, number)
            _await(page, ended, count)
            page.close()
        finally:
            watch.unsubscribe()  # type: ignore[no-untyped-call]
    return [claimed_at[username] - pressed_at[username] for username in pressed_at]


def _list_row(state: stack.State, chromium: Browser, database: Client) -> Row:
    few_s = _reload(state, chromium, database, FEW_ACCOUNTS)
    many_s = _reload(state, chromium, database, MANY_ACCOUNTS)
    return Row(
        f"reload to the first row, of {MANY_ACCOUNTS:,} accounts / of {FEW_ACCOUNTS}",
        median(many_s) / median(few_s),
        Target(Relation.AT_MOST, 5.0),
        f"{_spread(many_s)} / {_spread(few_s)}",
    )


def _reload(state: stack.State, chromium: Browser, database: Client, count: int) -> list[float]:
    """Return the seconds from each reload of the page until the list of accounts is there."""
    with _project(database) as project_id, _accounts(database, project_id, count):
        page = _open(state, chromium, project_id)
        taken_s = []
        for _ in range(1 + RELOADS):
            began = time.time()
            page.reload(wait_until="commit")
            page.locator("[role=row][data-id]").first.wait_for()
            taken_s.append(time.time() - began)
        page.close()
    return taken_s[1:]


@contextlib.contextmanager
def _accounts(database: Client, project_id: str, count: int) -> Iterator[None]:
    """Accounts with a month of followers in the project, until the block ends."""
    path = database.collection(f"organizations/{ADA.org_id}/projects/{project_id}/trackedAccounts")
    now = datetime.now(UTC)
    references = [path.document(f"youtube_{number}") for number in range(count)]

    def write(change: Callable[[WriteBatch, int], object]) -> None:
        for start in range(0, count, BATCH):
            batch = database.batch()
            for number in range(start, min(start + BATCH, count)):
                change(batch, number)
            batch.commit()

    def account(number: int) -> dict[str, Any]:
        names = {"username": f"account_{number}", "displayName": f"Account {number}", "platform": "youtube"}
        growth = {"since": "2026-01-01", "f7": number, "f30": 4 * number}
        months = {"followerCount": 1_000 * number, "recentFollowers": [990 * number + day for day in range(30)]}
        return names | months | {"growth": growth, "dateAdded": now - timedelta(hours=number), "lastSyncedAt": now}

    write(lambda batch, number: batch.set(references[number], account(number)))
    try:
        yield
    finally:
        write(lambda batch, number: batch.delete(references[number]))


def _await(page: Page, ended: set[str], count: int) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while len(ended) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"{len(ended)} of {count} jobs had ended after {_LIMIT_S:.0f} s.")
        page.wait_for_timeout(20)


def size_rows() -> list[Row]:
    """Measure the largest size that the package can add to a page: service and panel, minified, and the style."""
    with tempfile.TemporaryDirectory(prefix="web-") as folder:
        command = [str(WEB / "node_modules/.bin/vite"), "build", "--mode", "page", "--logLevel", "warn"]
        command += ["--outDir", folder, "--emptyOutDir"]
        commands.run(command, "The web package could not be built", folder=WEB)
        sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in sorted(Path(folder).glob("*.[jc]s*"))}
    return [
        Row(
            "service, panel and style, gzip, peers not counted",
            sum(sizes.values()),
            Target(Relation.AT_MOST, 29_696, "bytes"),
            json.dumps(sizes).strip("{}").replace('"', ""),
        )
    ]


def _spread(times_s: Sequence[float]) -> str:
    return f"p50 {ms(median(times_s))}, p95 {ms(quantiles(times_s, n=20, method='inclusive')[-1])}"
