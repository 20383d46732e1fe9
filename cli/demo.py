"""`make demo`: track an account of every platform, and one that does not exist, on the local stack.

The demo never calls the trigger; the scheduled tick starts the jobs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from rich.console import Console
from rich.table import Column, Table

from cli import demo_news
from cli.counts import counted
from cli.watch import watch_jobs
from local import LocalError, auth, aws, made_up, stack, web
from local.commands import signals_as_interrupts
from local.day_counter import DayCounter
from tracking import jobs, pauses
from tracking.clock import Clock, SystemClock
from tracking.errors import TrackingError
from tracking.firestore_access import firestore_client
from tracking.google_credentials import is_emulated
from tracking.jobs import AccountType, Job, PlatformName, Status
from tracking.pauses import Pause
from tracking.store import Store, account_path
from tracking.store.firestore import FirestoreStore

ADA = auth.USERS[0]  # her page shows the accounts tracked here
LIMIT = timedelta(minutes=5)  # the limit of an execution; the demo usually takes little more than one minute


class StuckError(LocalError):
    """The jobs will not end soon. The stack goes on running, so that it can be examined."""


@dataclass(frozen=True)
class Request:
    """An account to track, as a person types it, and the ending that the demo expects for its job."""

    platform: PlatformName
    username: str
    error_code: str | None = None
    videos: int = 0  # number of recorded videos, without reposts of others


REQUESTS = (
    Request(PlatformName.YOUTUBE, "https://www.youtube.com/@GoogleDevelopers", videos=5),
    Request(PlatformName.TWITTER, "@wunpini_fm", videos=53),
    Request(PlatformName.INSTAGRAM, " NASA ", videos=33),
    Request(PlatformName.TIKTOK, "loveluxury.com", videos=17),
    Request(PlatformName.INSTAGRAM, "nobody_has_this_name", error_code="AccountNotFoundError"),
)


def run(console: Console) -> bool:
    """Run the demo. Return whether every job ended as expected. Raises LocalError if the stack or a job gets stuck."""
    ran = stack.State.load().runs()
    try:
        with signals_as_interrupts():
            state = stack.up({}, lambda line: console.print(line, style="dim"))
            os.environ.update(state.environment())
            store, clock = FirestoreStore(firestore_client(os.environ["GOOGLE_CLOUD_PROJECT"])), SystemClock()
            with httpx.Client(base_url=state.news(), trust_env=False, timeout=10) as inbox:
                demo_news.add_endpoint(store, inbox, ADA, clock)
                ended = track(store, console, clock)
                console.print(seed(store, ended, clock))
                is_heard = hear(inbox, ended, console, clock)
    except httpx.HTTPError as error:
        raise LocalError(f"The inbox does not answer ({error}): `tracking local logs news` says why.") from error
    except StuckError:
        raise  # the stack goes on running, so that it can be examined
    except BaseException:
        if not ran:
            stack.down()
        raise
    console.print(_table(store, ended))
    console.print(_how_to_look_further(state), highlight=False, soft_wrap=True)
    has_aged = DayCounter(state.firestore(), state.simulator()).today().day > 0
    are_right = [
        _is_right(store, request, job, has_aged=has_aged) for request, job in zip(REQUESTS, ended, strict=True)
    ]
    return is_heard and all(are_right)


def track(store: Store, console: Console, clock: Clock) -> list[Job]:
    """Create the jobs of `REQUESTS`, show them, and return them as they ended.

    Raises StuckError when they cannot end: a platform is paused, or the time is up.
    """
    began = clock.now()
    if paused := _paused(store, began, {request.platform for request in REQUESTS}):
        raise _resting(paused)
    job_ids = [
        store.create_job(
            jobs.new(
                org_id=ADA.org_id,
                project_id=ADA.project_id,
                user_id=ADA.uid,
                username=request.username,
                platform=request.platform,
                account_type=AccountType.COMPETITOR,
                now=began,
            )
        )
        for request in REQUESTS
    ]
    console.print(f"{len(job_ids)} jobs written to Firestore; the rule's next tick, within a minute, starts them.")

    def check(left: Sequence[Job]) -> None:
        paused = _paused(store, clock.now(), {job.platform for job in left if job.status is Status.PENDING})
        if paused and {job.platform for job in left} == {pause.platform for pause in paused}:
            raise _resting(paused)  # all other jobs have ended, and were shown until then
        if left and clock.now() - began > LIMIT:
            raise StuckError(
                f"After {LIMIT.total_seconds() / 60:.0f} minutes {len(left)} of {len(job_ids)} jobs have not ended. The"
                " stack goes on running: `.venv/bin/tracking local status` tells whether every part does, and"
                " `.venv/bin/tracking local logs` what they say."
            )

    ended = [job for job in watch_jobs(store, job_ids, console, clock, check) if job is not None]
    if len(ended) != len(job_ids):
        raise LocalError("A job was deleted while the demo ran: run it again.")
    return ended


def seed(store: Store, ended: Sequence[Job], clock: Clock) -> str:
    """Write a made-up past of the accounts that were tracked, and return a sentence about it. Never for real accounts.

    Safe to run again: an account that has its past keeps it.
    """
    if not is_emulated(os.environ["GOOGLE_CLOUD_PROJECT"]):
        raise LocalError("A made-up history is for the emulator alone, and this is a real project.")
    paths = {account_path(job.org_id, job.project_id, job.account_id) for job in ended if job.account_id}
    made = [days for path in sorted(paths) if (days := made_up.write_past(store, path, clock.now()))]
    if not made:
        return "The accounts have their history already."
    return f"{len(made)} of the accounts got a made-up history of {max(made)} days before their first fetch."


def hear(inbox: httpx.Client, ended: Sequence[Job], console: Console, clock: Clock) -> bool:
    """Wait for a webhook about each job, and say what came. Return whether all came, and all were verified."""
    heard = demo_news.wait_for_webhooks(inbox, [job.job_id for job in ended], clock)
    verified = sum(heard.values())
    console.print(f"{counted(verified, 'webhook')} to {demo_news.URL} came, and verified with the endpoint's secret.")
    if verified == len(ended):
        return True
    console.print(
        f"{len(ended) - len(heard)} did not come, {len(heard) - verified} did not verify:"
        " `.venv/bin/tracking webhooks demo-endpoint` shows how their sending went.",
        style="red",
    )
    return False


def _paused(store: Store, now: datetime, platforms: Collection[PlatformName]) -> list[Pause]:
    """Return the current pauses of `platforms`. No tick starts jobs of a paused platform; a pause may last a day."""
    found = pauses.from_document(store.get_document(pauses.CONTROL_DOCUMENT))
    return [pause for pause in found.values() if pause.platform in platforms and now < pause.until]


def _resting(paused: Sequence[Pause]) -> StuckError:
    sentences = [
        f"{pause.platform.label} is paused until {pause.until.astimezone():%d %b %H:%M:%S} ({pause.reason}), and its"
        f" jobs wait: end the pause with `.venv/bin/tracking platforms --clear {pause.platform}`."
        for pause in paused
    ]
    return StuckError(" ".join([*sentences, "Then run the demo again."]))


def _saved_videos(store: Store, job: Job) -> int:
    """Return the number of saved videos, counted in Firestore, not read from the account's own count."""
    if job.account_id is None:
        return 0
    return len(store.get_documents(f"{account_path(job.org_id, job.project_id, job.account_id)}/videos"))


def _is_right(store: Store, request: Request, job: Job, *, has_aged: bool) -> bool:
    """Return whether the job ended as expected. `has_aged`: whether days have passed, so that there are new videos."""
    if request.error_code:
        return job.status is Status.FAILED and job.error_code == request.error_code and job.retry_count == 0
    saved = _saved_videos(store, job)
    is_all = saved >= request.videos if has_aged else saved == request.videos
    return job.status is Status.COMPLETED and is_all


def _table(store: Store, ended: list[Job]) -> Table:
    narrow = Column("account", max_width=40)  # so that an execution's name, which people copy, is never cut
    names = ("job", "status", "attempts", "time")
    table = Table(*names, narrow, "videos saved", Column("execution", no_wrap=True), box=None, pad_edge=False)
    for job in ended:
        waited = (job.completed_at or job.created_at) - job.created_at
        execution = (job.execution_arn or "").rpartition(":")[2]
        account = job.account_id or f"{job.username.strip()}: {job.error}"
        took = f"{waited.total_seconds():.0f} s"
        table.add_row(
            job.job_id, str(job.status), str(job.attempt), took, account, str(_saved_videos(store, job)), execution
        )
    return table


def _how_to_look_further(state: stack.State) -> str:
    page = state.page()
    see = (
        f"  {page}    sign in as {ADA.name}; what she tracks there goes the same way" if page else f"  {web.missing()}"
    )
    executions = f"aws stepfunctions list-executions --state-machine-arn {stack.outputs(state)['StateMachineArn']}"
    return "\n".join(
        (
            "",
            "The stack goes on running. The page, with the accounts above:",
            see,
            "The inbox, with the webhooks, and within two minutes with Ada's mail about them:",
            f"  {state.news()}",
            "To look further:",
            "  .venv/bin/tracking list               the jobs",
            "  .venv/bin/tracking webhooks           the endpoint, and how its receiver answers",
            "  .venv/bin/tracking local day          lets a day pass: all is a day older, and is fetched again",
            "  .venv/bin/tracking local status       the parts, and where they listen",
            "  .venv/bin/tracking local logs -f      what they say",
            "  make down                             stops everything",
            "The executions, as an AWS command line lists them:",
            f"  {' '.join(f'{name}={value}' for name, value in aws.client_environment(state.aws()).items())} \\",
            f"  {executions}",
        )
    )


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else 200)
    try:
        is_right = run(console)
    except (LocalError, TrackingError) as error:
        console.print(f"error: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted: what the demo had started was stopped.")
        return 130
    if not is_right:
        console.print("Not all went as it should have: see above, and `tracking local logs`.", style="red")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
