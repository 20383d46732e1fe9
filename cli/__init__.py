"""`tracking`: the command line for developers and operators. The deployed layer does not contain it.

Every error is one sentence on standard error and exit code 1. Commands that need Firestore find it by
`GOOGLE_CLOUD_PROJECT` (and `FIRESTORE_DATABASE`, `FIRESTORE_EMULATOR_HOST`). Without it they use the running local
stack.
"""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.accounts import AccountError, account_named, accounts_of, accounts_table
from cli.adoption import Stale, cancel_stale, is_adopted, survey
from cli.budgets import budgets_table, pressing
from cli.costs import By, added_up, sum_of, table_of
from cli.counts import counted
from cli.deploy import deploy, rollback
from cli.deploy.stages import DeployError
from cli.doctor import doctor
from cli.events import events_table, payloads
from cli.export import Format, History, write_files
from cli.fetch import fetch
from cli.history import chart, history_table, points_since
from cli.local import app as local_app
from cli.mail import mail_table
from cli.mail import retry as retry_mail
from cli.mail import retry_since as retry_mail_since
from cli.watch import watch_jobs
from cli.webhooks import (
    Documents,
    NewsError,
    as_json,
    deliveries_table,
    endpoint_of,
    endpoints_table,
    replay,
    replay_since,
    send_test,
    switch,
)
from local import LocalError
from local.stack import State
from tracking import jobs, pauses, walks
from tracking.adoption import ADOPTED, OWNER
from tracking.budgets import BUDGETS_DOCUMENT
from tracking.clock import SystemClock
from tracking.document_limits import is_document_id
from tracking.errors import InvalidJobError, TrackingError
from tracking.firestore_access import firestore_client
from tracking.jobs import AccountType, Job, PlatformName, Status
from tracking.sentences import Sentence
from tracking.settings import DEFAULT_DATABASE, Limits, SettingsError
from tracking.store import (
    JOBS,
    REFRESHES,
    CommandLineStore,
    DocumentWrite,
    JobFilter,
    JobSnapshot,
    JobWrite,
    StaleVersionError,
    Store,
    WriteRefusedError,
    account_path,
)
from tracking.store.firestore import FirestoreStore
from tracking.webhooks import DELIVERIES, endpoints_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # the plain traceback shows no local variables, which may hold keys
    help="Account tracking: jobs, platforms, local stack.",
)
app.command()(fetch)
app.add_typer(local_app, name="local")
app.command()(doctor)
app.command()(deploy)
app.command()(rollback)

out = Console(width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True)


def _job_id(value: str) -> str:
    """Refuse an impossible id before any request. Firestore's client would raise an error of its own."""
    if not is_document_id(value):
        raise InvalidJobError(
            Sentence('A job\'s id is 1 to 1,500 bytes of text without "/", and not ".", ".." or like "__x__".')
        )
    return value


JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's document id.", callback=_job_id)]


@app.command()
def track(
    username: Annotated[str, typer.Argument(help="@name, name, profile URL or channel id.")],
    platform: Annotated[PlatformName, typer.Option(help="Where the account is.")],
    org: Annotated[str, typer.Option(help="Organisation id.")] = "demo-org",
    project: Annotated[str, typer.Option(help="Project id.")] = "demo-project",
    user: Annotated[str, typer.Option(help="User id.")] = "demo-user",
    account_type: Annotated[AccountType, typer.Option("--type", help="Kind of account.")] = AccountType.COMPETITOR,
    watch: Annotated[bool, typer.Option("--watch", help="Show the job until it ends.")] = False,
) -> None:
    """Create a job, as the front end does. The next tick starts it."""
    fields = jobs.new(
        org_id=org,
        project_id=project,
        user_id=user,
        username=username,
        platform=platform,
        account_type=account_type,
        now=datetime.now(UTC),
    )
    Job.from_document("new", fields, datetime.now(UTC))  # refuses a bad value before a job is created
    store = _store()
    job_id = store.create_job(fields)
    out.print(job_id)
    if watch:
        _watch(store, job_id)


@app.command(name="watch")
def watch_command(job: JobId) -> None:
    """Show a job until it ends. The exit code is 1 unless it completed."""
    _watch(_store(), job)


@app.command(name="list")
def list_command(
    org: Annotated[str | None, typer.Option(help="Only jobs of this organisation.")] = None,
    project: Annotated[str | None, typer.Option(help="Only jobs of this project.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only jobs of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List jobs, newest first."""
    snapshots = _store().list_jobs(JobFilter(org_id=org, project_id=project, status=status), limit)
    table = Table(box=None, pad_edge=False)
    for name in ("job", "status", "%", "platform", "username", "attempt", "created"):
        table.add_column(name, no_wrap=True, max_width=None if name == "job" else 30)
    table.add_column("message", no_wrap=True, overflow="ellipsis", ratio=1)
    for snapshot in snapshots:
        table.add_row(*map(escape, _row(snapshot)))
    out.print(table if snapshots else "No jobs.")


@app.command()
def retry(job: JobId) -> None:
    """Put a failed or cancelled job back into the queue."""
    _change(job, {Status.FAILED, Status.CANCELLED}, "retried", jobs.retry)


@app.command()
def cancel(job: JobId) -> None:
    """Cancel a job that is pending or processing."""
    _change(job, {Status.PENDING, Status.PROCESSING}, "cancelled", jobs.cancel)


@app.command()
def cleanup(
    older_than: Annotated[str, typer.Option(help="Age, such as 7d or 12h.")] = "7d",
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Ask, then delete the jobs that ended longer ago than --older-than. Accounts and videos stay."""
    age = _age(older_than)
    if not yes and not sys.stdin.isatty():
        raise InvalidJobError(
            Sentence("Nothing was deleted: there is no terminal to ask at. --yes deletes without asking.")
        )
    store, before = _store(), datetime.now(UTC) - age
    walk = partial(walks.ended_before, store, before, Limits().finished_page_size)
    # With many jobs, two walks cost less than keeping the jobs that the first walk found.
    if not yes and (count := sum(len(old) for _, old in walk())):
        _ask(count, age)
    deleted = sum(store.delete_jobs(old) for _, old in walk())
    out.print(f"{counted(deleted, 'job')} deleted.")


@app.command()
def adopt(
    older_than: Annotated[str, typer.Option(help="A job is stale if nobody has written it for so long.")] = "1d",
    stale: Annotated[Stale, typer.Option(help="What becomes of stale jobs.")] = Stale.CANCEL,
    keep_finished: Annotated[str, typer.Option(help="As the stack's parameter KeepFinishedDays.")] = "7d",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this, only show.")] = False,
) -> None:
    """Take over a project with old jobs: show what would become of them, and with --yes do it.

    Until then the ticks start none of the stale jobs, and the cleanup deletes none that ended before.
    """
    stale_for, kept_for = _age(older_than), _age(keep_finished)
    store, now = _store(), datetime.now(UTC)
    if is_adopted(store, now):
        out.print("This project is adopted: nothing is held.")
        return
    out.print(survey(store, now, stale_for, kept_for).table(stale))
    if not yes:
        out.print("Nothing was changed. --yes adopts the project.")
        return
    cancelled, left = cancel_stale(store, now, stale_for) if stale is Stale.CANCEL else (0, 0)
    store.put_document(ADOPTED)
    out.print(f"{counted(cancelled, 'job')} cancelled. The project is adopted.")
    if left:
        out.print(f"{counted(left, 'stale job')} could not be cancelled: changed meanwhile, or not to be written.")


@app.command()
def costs(
    since: Annotated[str, typer.Option(help="How far back, such as 7d or 12h.")] = "7d",
    by: Annotated[By, typer.Option(help="What to add up.")] = By.PLATFORM,
    as_json: Annotated[bool, typer.Option("--json", help="Print the sums as one JSON object.")] = False,
) -> None:
    """Add up what jobs and refreshes spent at their platforms, with estimated US dollars.

    Each counts as a whole, when it ends. The sums lack what was deleted: jobs go some days after their end, and
    refreshes after two days.
    """
    begin = datetime.now(UTC) - _age(since)
    queues = (walks.ended_since(_store(queue), begin, Limits().finished_page_size) for queue in (JOBS, REFRESHES))
    found = added_up(chain.from_iterable(queues), by)
    if as_json:
        rows = [{by.value: name} | cost.to_json() for name, cost in found.items()]
        print(json.dumps({"since": begin.isoformat(), "rows": rows, "all": sum_of(found.values()).to_json()}, indent=2))
    else:
        out.print(table_of(found, by) if found else "No jobs.")


Org = Annotated[str, typer.Option(help="Organisation id.")]
Project = Annotated[str, typer.Option(help="Project id.")]
OfPlatform = Annotated[PlatformName | None, typer.Option(help="Only accounts of this platform.")]


@app.command()
def accounts(org: Org = "demo-org", project: Project = "demo-project", platform: OfPlatform = None) -> None:
    """List the tracked accounts of a project, and how much their followers grew in 7 and in 30 days."""
    found = accounts_of(_store(), org, project, platform)
    out.print(accounts_table(found) if found else "No accounts.")


@app.command()
def history(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its user name, or the id of its document.")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days to show.")] = 30,
    as_chart: Annotated[bool, typer.Option("--chart", help="Plot the followers, too.")] = False,
    org: Org = "demo-org",
    project: Project = "demo-project",
    platform: OfPlatform = None,
) -> None:
    """Show what an account had on each day. An empty cell is a count that is not known."""
    store, today = _store(), datetime.now(UTC).date()
    account_id = account_named(accounts_of(store, org, project, platform), account)
    points = points_since(store, account_path(org, project, account_id), today - timedelta(days - 1), today)
    out.print(history_table(points) if points else "No points.")
    if as_chart and (plot := chart(points, out.width)):
        out.print(plot, markup=False, highlight=False)


@app.command()
def export(
    out_folder: Annotated[Path, typer.Option("--out", help="The folder for the files.")],
    as_format: Annotated[Format, typer.Option("--format", help="parquet needs DuckDB.")] = Format.CSV,
    since: Annotated[str, typer.Option(help="How far back, such as 90d.")] = "30d",
    org: Org = "demo-org",
    project: Project = "demo-project",
    platform: OfPlatform = None,
) -> None:
    """Write the history of a project's accounts and videos to two files, which DuckDB and others can read."""
    now, store = datetime.now(UTC), _store()
    found = accounts_of(store, org, project, platform)
    if not found:
        raise AccountError("There is no such account in this project: nothing was written.")
    exported = History(store, org, project, found, first=(now - _age(since)).date(), today=now.date())
    for path, rows in write_files(exported, as_format, out_folder).items():
        out.print(f"{path}: {counted(rows, 'row')}", highlight=False, soft_wrap=True)


@app.command()
def budgets(
    org: Annotated[str | None, typer.Option(help="Only this organisation.")] = None,
) -> None:
    """Show what refreshes have spent today (UTC), by platform and organisation, and what they may spend."""
    fields = _store().get_document(BUDGETS_DOCUMENT)
    if fields is None:
        out.print("No refresh was ever started here.")
        return
    out.print(budgets_table(fields, datetime.now(UTC), org))


@app.command()
def refresh(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its user name, or the id of its document.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Also if it is unavailable, or was just fetched.")] = False,
    org: Org = "demo-org",
    project: Project = "demo-project",
    platform: OfPlatform = None,
) -> None:
    """Make an account due now, as a member does who presses "refresh now". The next tick of refreshes starts it."""
    store = _store()
    found = accounts_of(store, org, project, platform)
    account_id = account_named(found, account)
    fields = pressing(found[account_id], datetime.now(UTC), anyway=anyway)
    if store.update_each([DocumentWrite(account_path(org, project, account_id), fields)]) != [True]:
        raise AccountError(f"{account_id} was not changed: it is gone, or Firestore refuses to change it.")
    out.print(f"{account_id} is due. The next tick starts it, if the stack has refreshes.", highlight=False)


@app.command()
def events(
    org: Org = "demo-org",
    project: Annotated[str | None, typer.Option(help="Only events of this project.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the payloads, a line each.")] = False,
) -> None:
    """List what happened to an organisation's jobs, accounts and videos, the newest first. It needs News=on."""
    found = _store().list_events(org, project, limit)
    if as_json:
        for payload in payloads(found):
            out.print(payload, markup=False, highlight=False, soft_wrap=True)
        return
    out.print(events_table(found) if found else "No events.")


@app.command()
def webhooks(
    endpoint: Annotated[str | None, typer.Argument(metavar="ENDPOINT", help="Its id: show its deliveries.")] = None,
    org: Org = "demo-org",
    replayed: Annotated[str | None, typer.Option("--replay", metavar="DELIVERY", help="Send it again.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--replay-since", metavar="AGE", help="Send again what failed or was skipped in 7d or 12h."),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a test, also while the endpoint is off.")] = False,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Switch the endpoint on or off.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many deliveries to show.")] = 50,
    json_: Annotated[bool, typer.Option("--json", help="Print the documents, a line each.")] = False,
) -> None:
    """List an organisation's webhook endpoints with their health, or an endpoint's deliveries, the newest first.

    A change is done as the owner's page does it; the notify function sends within a minute.
    """
    changes = [change for change in (replayed, since, test or None, enable) if change is not None]
    if len(changes) > 1:
        raise NewsError("One command makes one change.")
    if changes and endpoint is None:
        raise NewsError("Name the endpoint to change: `tracking webhooks` lists them.")
    store, now = _store(), datetime.now(UTC)
    if endpoint is None:
        found = store.get_documents(endpoints_of(org))
        _print_documents(found, endpoints_table(found) if found else "No endpoints.", json_=json_)
        return
    path, document = endpoint_of(store, org, endpoint)
    if replayed is not None:
        replay(store, path, document, replayed, now)
        _say(f"{replayed} is due. The next run sends it.")
    elif since is not None:
        number = replay_since(store, path, document, now - _age(since), now)
        _say(f"{counted(number, 'replay')}. The next runs send them." if number else "Nothing to replay.")
    elif test:
        _say(f"The test {send_test(store, path, now)} is due. The next run sends it.")
    elif enable is not None:
        switch(store, path, now, on=enable)
        _say(f"{endpoint} is {'on' if enable else 'off'}.")
    else:
        found = store.get_newest(f"{path}/{DELIVERIES}", "createdAt", limit)
        _print_documents(found, deliveries_table(found) if found else "No deliveries.", json_=json_)


@app.command()
def mail(
    org: Org = "demo-org",
    retried: Annotated[
        str | None, typer.Option("--retry", metavar="ID", help="Send a mail again that ended as ERROR.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--retry-since", metavar="AGE", help="Send all again that ended as ERROR in 7d or 12h."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="With --retry-since: of all organisations.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json_: Annotated[bool, typer.Option("--json", help="Print the documents, a line each.")] = False,
) -> None:
    """List an organisation's mails, the newest first, and how their sending went."""
    if (retried is not None and since is not None) or (all_ and since is None):
        raise NewsError("One command makes one change, and --all needs --retry-since.")
    store = _store()
    if since is not None:
        number = retry_mail_since(store, None if all_ else org, datetime.now(UTC) - _age(since))
        told = f"{counted(number, 'mail')} sent again in the next minutes. Some may arrive twice."
        _say(told if number else "Nothing to send again.")
        return
    if retried is not None:
        retry_mail(store, org, retried)
        _say(f"{retried} is sent again in the next minute. If it had been sent after all, it arrives twice.")
        return
    found = store.list_mail(org, limit)
    _print_documents(found, mail_table(found) if found else "No mail.", json_=json_)


@app.command()
def platforms(
    clear: Annotated[PlatformName | None, typer.Option(help="End this platform's pause now.")] = None,
    pause: Annotated[PlatformName | None, typer.Option(help="Start no job of this platform for --lasting.")] = None,
    lasting: Annotated[str, typer.Option(help="How long --pause lasts, such as 12h or 1d.")] = "1d",
) -> None:
    """Show which platforms are paused and until when, after they refused us or by an operator."""
    if clear is not None and clear is pause:
        raise InvalidJobError(Sentence("One command cannot both pause a platform and clear its pause."))
    now, length = datetime.now(UTC), _age(lasting)
    store = _store()
    changes = [] if clear is None else [pauses.clearing(clear)]
    if pause is not None:
        changes.append(pauses.Pause(platform=pause, until=now + length, reason=pauses.BY_OPERATOR).to_write())
    for change in changes:
        for write in pauses.with_copy(change):
            store.put_document(write)
    paused = pauses.from_document(store.get_document(pauses.CONTROL_DOCUMENT))
    table = Table("platform", "state", "until", "reason", box=None, pad_edge=False)
    for platform in PlatformName:
        found = paused.get(platform)
        allowed = found.starts_allowed(now) if found else None
        if found is None or allowed is None:
            table.add_row(platform.label, "open", "", "")
        else:
            state = "paused" if allowed == 0 else f"resuming, {allowed} starts a tick"
            table.add_row(platform.label, state, _cell(found.until), found.reason)
    out.print(table)


@app.command()
def owner(
    take: Annotated[str | None, typer.Option(metavar="ARN", help="Give the jobs to the stack of this machine.")] = None,
) -> None:
    """Show which stack works on the jobs, by the ARN of its state machine. The ticks of all other stacks stop."""
    if take is not None and not re.fullmatch(r"arn:[^:]+:states:[^:]+:[0-9]+:stateMachine:[^:]+", take):
        raise InvalidJobError(
            Sentence(f"{take!r} is not the ARN of a state machine, the stack's output StateMachineArn.")
        )
    store = _store()
    if take is not None:
        store.put_document(DocumentWrite(pauses.CONTROL_DOCUMENT, {OWNER: take}))
    known = (store.get_document(pauses.CONTROL_DOCUMENT) or {}).get(OWNER)
    out.print(known or "No stack yet: the first tick that finds a job takes them.", highlight=False, soft_wrap=True)


def main() -> None:
    try:
        app()
    except (TrackingError, SettingsError, LocalError, DeployError, AccountError, NewsError) as error:
        _refuse(str(error))
    except UnicodeEncodeError:  # half a character, which a shell passes on unchanged
        _refuse("What was typed is not valid UTF-8.")


def _say(sentence: str) -> None:
    out.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _print_documents(documents: Documents, shown: Table | str, *, json_: bool) -> None:
    if not json_:
        out.print(shown)
        return
    for line in as_json(documents):
        _say(line)


def _refuse(sentence: str) -> NoReturn:
    err.print(sentence, style="red", markup=False, highlight=False)
    raise SystemExit(1) from None


def _store(queue: str = JOBS) -> Store:
    """`queue`: the collection of the jobs, JOBS or REFRESHES."""
    if "GOOGLE_CLOUD_PROJECT" not in os.environ:
        stack = State.load()
        if not stack.is_up():
            raise LocalError("No project is named: set GOOGLE_CLOUD_PROJECT, or start the local stack with `make up`.")
        os.environ.update(stack.environment())
    database = os.environ.get("FIRESTORE_DATABASE", "").strip() or DEFAULT_DATABASE
    return FirestoreStore(firestore_client(os.environ["GOOGLE_CLOUD_PROJECT"], database=database), queue=queue)


def _watch(store: CommandLineStore, job_id: str) -> None:
    if store.get_job(job_id) is None:
        raise InvalidJobError(Sentence(f"There is no job {job_id}."))
    (job,) = watch_jobs(store, [job_id], out, SystemClock())
    if job is None or job.status is not Status.COMPLETED:
        raise typer.Exit(1)


def _change(job_id: str, allowed: set[Status], done: str, change: jobs.UserChange) -> None:
    store = _store()
    snapshot = store.get_job(job_id)
    if snapshot is None:
        raise InvalidJobError(Sentence(f"There is no job {job_id}."))
    job = snapshot.parse()
    if job.status not in allowed:
        raise InvalidJobError(Sentence(f"The job is {job.status}; it cannot be {done}."))
    try:
        store.commit(JobWrite(job_id, change(job.status, datetime.now(UTC)), snapshot.version))
    except StaleVersionError:
        raise InvalidJobError(Sentence("The job changed at the same moment; look at it and try again.")) from None
    except WriteRefusedError:
        raise InvalidJobError(Sentence("Firestore lets nobody change this job's document: it is too large.")) from None
    out.print(f"{job_id} {done}.")


def _ask(count: int, age: timedelta) -> None:
    """Return on a yes, and exit otherwise. The question is on stderr, so that it is seen if stdout is a file."""
    hours = age // timedelta(hours=1)
    long_ago = counted(hours, "hour") if hours % 24 else counted(hours // 24, "day")
    jobs_found = counted(count, "job")
    sentences = f"{jobs_found} that ended more than {long_ago} ago will be deleted. Accounts and videos stay."
    err.print(f"{sentences}\nDelete them? [y/N] ", end="", markup=False, highlight=False)
    if input().strip().lower() not in {"y", "yes"}:
        err.print("Nothing was deleted.")
        raise typer.Exit(1)


def _row(snapshot: JobSnapshot) -> list[str]:
    """Return the cells of a job's row. A malformed job has one too."""
    fields = ("status", "progress", "platform", "username", "attempt", "createdAt", "message")
    return [snapshot.job_id, *(_cell(snapshot.data.get(name)) for name in fields)]


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone():%d %b %H:%M:%S}"
    return "" if value is None else " ".join(str(value).split())


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})([dh])", text.strip())
    if match is None:
        raise InvalidJobError(Sentence("An age is a number of days or hours, as 7d or 12h."))
    number = int(match[1])
    return timedelta(days=number) if match[2] == "d" else timedelta(hours=number)
