"""Refreshes: an account that is due is fetched again by the deployed stack, and nobody's panel shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.e2e.running import Document, Project, RunningStack, until
from tracking.store import REFRESHES, DocumentWrite, account_path
from tracking.store.firestore import FirestoreStore

ACCOUNT = "youtube_UC_x5XG1OV2P6uZZ5FSM9Ttw"


def test_a_due_account_is_refreshed(running: RunningStack, project: Project) -> None:
    job_id = project.add_job("@GoogleDevelopers")
    project.ended([job_id])
    before = project.account(ACCOUNT)
    now = datetime.now(UTC)
    assert now + timedelta(hours=6) < before["nextRefreshAt"] < now + timedelta(hours=31)
    path = account_path(project.org_id, project.project_id, ACCOUNT)
    running.store.put_document(DocumentWrite(path, {"nextRefreshAt": now - timedelta(minutes=1)}))

    running.refresh_tick()
    refreshed = until(lambda: newer(project, before), "the account was not refreshed")

    assert refreshed["nextRefreshAt"] > now
    assert (refreshed["addedBy"], refreshed["dateAdded"]) == (before["addedBy"], before["dateAdded"])
    assert refreshed["videoCount"] == before["videoCount"] == 5
    assert project.job_ids() == {job_id}  # no panel sees a refresh
    refreshes = FirestoreStore(running.client, queue=REFRESHES)
    done = refreshes.get_job(refreshed["lastJobId"])
    assert done is not None
    assert (done.data["status"], done.data["spent"]) == ("completed", {"units": 3})
    (name,) = [name for name in running.execution_names() if f"-{refreshed['lastJobId'][:20]}-" in name]
    assert name.startswith("r-youtube-UC_x5XG1OV2P6uZZ5FSM9Ttw-")
    (month,) = running.store.get_documents(f"{path}/accountHistory").values()
    newest = max(point["at"] for point in month["days"].values())  # the refresh took the place of the job's point
    assert before["lastSyncedAt"] < newest <= refreshed["lastSyncedAt"]


def newer(project: Project, before: Document) -> Document | None:
    account = project.account(ACCOUNT)
    return account if account["lastSyncedAt"] > before["lastSyncedAt"] else None
