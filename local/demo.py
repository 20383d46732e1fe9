"""`make demo`: the main job on real parts. Nothing here calls the trigger: the rule's minute tick does."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from local import auth, aws, stack, web
from local.errors import LocalError
from local.process import signals_as_interrupts
from tracking import jobs, wiring
from tracking.cli.watch import watch_jobs
from tracking.clock import SystemClock
from tracking.errors import TrackingError
from tracking.jobs import AccountType, Job, PlatformName, Status
from tracking.store import account_path
from tracking.store.firestore import FirestoreStore

ADA = auth.USERS[0]  # whose page shows what is tracked here


@dataclass(frozen=True)
class Wish:
    """An account to track, as a person types it, and how its job has to end."""

    platform: PlatformName
    username: str
    error_code: str | None = None
    videos: int = 0  # as many as were recorded; reposts of others are not the account's


WISHES = (
    Wish(PlatformName.YOUTUBE, "https://www.youtube.com/@GoogleDevelopers", videos=5),
    Wish(PlatformName.TWITTER, "@wunpini_fm", videos=53),
    Wish(PlatformName.INSTAGRAM, " NASA ", videos=33),
    Wish(PlatformName.TIKTOK, "loveluxury.com", videos=17),
    Wish(PlatformName.INSTAGRAM, "nobody_has_this_name", error_code="AccountNotFoundError"),
)


def run(console: Console) -> bool:
    """Whether every job ended as it had to. LocalError when the stack does not come up."""
    was_up = stack.State.load().is_up()
    try:
        with signals_as_interrupts():
            state = stack.up(stack.Ports(), lambda line: console.print(line, style="dim"))
            os.environ.update(state.environment())
            store = FirestoreStore(wiring.firestore_client(os.environ["GOOGLE_CLOUD_PROJECT"]))
            ended = _track(store, console)
    except BaseException:
        if not was_up:
            stack.down()
        raise
    console.print(_table(store, ended))
    console.print(_how_to_look_further(state), highlight=False, soft_wrap=True)
    return all(_is_right(store, wish, job) for wish, job in zip(WISHES, ended, strict=True))


def _track(store: FirestoreStore, console: Console) -> list[Job]:
    job_ids = [
        store.create_job(
            jobs.new(
                org_id=ADA.org_id,
                project_id=ADA.project_id,
                user_id=ADA.uid,
                username=wish.username,
                platform=wish.platform,
                account_type=AccountType.COMPETITOR,
                now=datetime.now(UTC),
            )
        )
        for wish in WISHES
    ]
    console.print(f"{len(job_ids)} jobs written to Firestore; the rule's next tick, within a minute, starts them.")
    ended = [job for job in watch_jobs(store, job_ids, console, SystemClock()) if job is not None]
    if len(ended) != len(job_ids):
        raise LocalError("A job was deleted while the demo ran: run it again.")
    return ended


def _saved_videos(store: FirestoreStore, job: Job) -> int:
    """Counted in Firestore, not read from the account's own count."""
    if job.account_id is None:
        return 0
    return len(store.get_documents(f"{account_path(job.org_id, job.project_id, job.account_id)}/videos"))


def _is_right(store: FirestoreStore, wish: Wish, job: Job) -> bool:
    if wish.error_code:
        return job.status is Status.FAILED and job.error_code == wish.error_code and job.retry_count == 0
    return job.status is Status.COMPLETED and _saved_videos(store, job) == wish.videos


def _table(store: FirestoreStore, ended: list[Job]) -> Table:
    table = Table("job", "status", "attempts", "time", "account", "videos saved", "execution", box=None, pad_edge=False)
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
            "To look further:",
            "  .venv/bin/tracking list               the jobs",
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
        console.print("A job did not end as it should have: see the table, and `tracking local logs`.", style="red")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
