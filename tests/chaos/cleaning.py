"""Faults of the cleanup: it still deletes an old finished job, dates a young one, and leaves a job that waits.

And it still turns the days of an old month into weeks, and deletes what lies below a removed account.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cleanup import removals
from tests.chaos.chaos_harness import ChaosHarness
from tests.chaos.plan import ANY_JOB, Fault
from tests.chaos.points import EVERY
from tests.chaos.trials import Result
from tests.e2e.running import Project
from tracking.adoption import ADOPTED
from tracking.history import thinning
from tracking.store import DocumentWrite, account_path

POINTS = (
    *("cleanup.get_document", "cleanup.finished_jobs", "cleanup.keep", "cleanup.delete_jobs"),
    *("cleanup.due_documents", "cleanup.get_stored", "cleanup.change_together"),
    *("cleanup.documents_in", "cleanup.delete_each"),
)
MAX_RUNS = 3


def run(harness: ChaosHarness) -> Iterator[Result]:
    harness.running.store.put_document(ADOPTED)  # the jobs are older than the stack
    for point in POINTS:
        for when, how in EVERY:
            yield _clean(harness, Fault(point, when, how))


def _clean(harness: ChaosHarness, fault: Fault) -> Result:
    project, long_ago = Project(harness.running), datetime.now(UTC) - timedelta(days=30)
    finished = project.add_job("sim_videos_1", status="completed", completedAt=long_ago)
    live = project.add_job("sim_videos_1", createdAt=long_ago, completedAt=long_ago)
    young = project.add_job("sim_videos_1", status="completed", completedAt=datetime.now(UTC))
    store = harness.running.store
    history = f"{account_path(project.org_id, project.project_id, 'youtube_1')}/accountHistory"
    days = {day: {"at": datetime(2020, 3, int(day), tzinfo=UTC), "f": int(day)} for day in ("30", "31")}
    month = {"days": days, thinning.DUE: thinning.account_due("2020-03")}
    store.put_document(DocumentWrite(f"{history}/2020-03", month))

    removed = account_path(project.org_id, project.project_id, "youtube_2")
    marker = removed.replace("trackedAccounts", removals.COLLECTION)
    store.put_document(DocumentWrite(f"{removed}/videos/1", {"title": "Launch"}))
    store.put_document(DocumentWrite(marker, {removals.REMOVED_AT: long_ago}))

    def checks() -> dict[str, bool]:
        jobs = {name: found.data for name in (finished, live, young) if (found := store.get_job(name))}
        return {
            "the old job is still there": finished in jobs,
            "a live job was deleted, or will be": live not in jobs or "expireAt" in jobs[live],
            "a young job was deleted, or has no expiry": jobs.get(young, {}).get("expireAt") is None,
            "a removed account has a video": store.get_documents(f"{removed}/videos") != {},
            "a removal is still asked for": store.get_document(marker) is not None,
            "the old month is not a week": store.get_documents(history) != {"2020": {"weeks": {"14": days["31"]}}},
        }

    of_one_job = {"cleanup.keep": young}
    name, runs = harness.plan.add(fault, of_one_job.get(fault.point, ANY_JOB)), 0
    while any(checks().values()) and runs < MAX_RUNS:
        harness.invoke("cleanup", {})
        runs += 1
    wrong = checks() | {"the fault never happened": not harness.plan.has_fired(name)}
    harness.plan.withdraw(name)
    for job_id in (live, young):
        harness.running.client.collection("trackingJobs").document(job_id).delete()
    return Result(fault.point, str(fault), runs, 0, "deleted", 0, [s for s, is_so in wrong.items() if is_so])
