"""Cases that once broke the system: a wrong status, or one odd job that harmed others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from reconcile.app import handler as reconcile_handler
from tests.doubles import START
from tests.execution_events import event_of
from tests.factories import account, job_document, videos
from tests.harness import CHAIN, Harness
from tracking import jobs
from tracking.errors import JobCancelledError, StaleAttemptError, StoreUnavailableError
from tracking.executions import StartUnknownError
from tracking.jobs import LEASE, Change, ChangeKind
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.sentences import Sentence
from tracking.store import (
    CompletingWrite,
    DocumentExistsError,
    DocumentMissingError,
    DocumentWrite,
    JobWrite,
    Unwritable,
)
from tracking.store.memory import MemoryStore
from tracking.wiring import ReconcileDeps

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"
EXPIRED_S = LEASE.total_seconds() + 1


def accounts(harness: Harness, project: str = "project1") -> dict[str, Any]:
    return harness.memory.get_documents(f"organizations/org1/projects/{project}/trackedAccounts")


def create_again(harness: Harness, job_id: str, **fields: Any) -> None:
    """Create a job again under its old id. A front end with fixed ids does so after a cleanup."""
    harness.memory.delete_job(job_id)
    harness.memory.touch(job_id, **job_document(**fields))


# Names of executions


def test_an_id_that_is_used_again_is_fetched_again(harness: Harness) -> None:
    harness.platform.videos = videos(2)
    first = harness.claimed_job()
    harness.run_chain(first)
    harness.memory._documents = {p: d for p, d in harness.memory._documents.items() if "trackedAccounts" not in p}
    create_again(harness, first["jobId"])
    assert harness.tick()["started"] == 1
    names = list(harness.executions.started)
    assert len(names) == 2
    harness.run_chain(dict(harness.executions.started[names[1]]))
    assert harness.document(first["jobId"])["status"] == "completed"
    assert list(accounts(harness)) == ["instagram_528817151"]


def test_an_id_used_again_is_not_taken_for_its_old_execution(harness: Harness) -> None:
    first = harness.claimed_job()
    harness.run_chain(first)
    (old,) = harness.executions.started
    create_again(harness, first["jobId"])
    harness.executions.outcomes[old] = Outcome(status=ExecutionStatus.FAILED)
    harness.tick()
    harness.clock.advance(EXPIRED_S)
    harness.tick()
    document = harness.document(first["jobId"])
    # The new execution runs, so the lease is renewed.
    assert (document["status"], document.get("expiries")) == ("processing", None)


def test_two_jobs_of_one_readable_name_are_both_fetched(harness: Harness) -> None:
    harness.memory.touch("X", **job_document(username="loveluxury.com", platform="tiktok"))
    harness.memory.touch("com-X", **job_document(username="loveluxury", platform="tiktok", orgId="org2"))
    assert harness.tick()["started"] == 2
    assert {started["jobId"] for started in harness.executions.started.values()} == {"X", "com-X"}


def test_name_taken_by_another_execution_is_refused(harness: Harness) -> None:
    """The claim is given back, and the next claim has another name."""
    job_id = harness.add_job()
    before = harness.executions.start

    def taken(name: str, payload: Any) -> None:
        harness.executions.started[name] = {"jobId": "somebody else's"}
        harness.executions.start = before  # type: ignore[method-assign]
        before(name, payload)

    harness.executions.start = taken  # type: ignore[method-assign]
    with pytest.raises(Exception, match="ExecutionAlreadyExists: 1 jobs"):
        harness.tick()
    assert harness.document(job_id)["status"] == "pending"
    assert harness.tick()["started"] == 1
    assert harness.document(job_id)["attempt"] == 2


# `completed` means saved


@pytest.mark.parametrize("until", [None, *CHAIN[:-1]])
def test_success_without_completion_is_an_interruption(harness: Harness, until: str | None) -> None:
    job = harness.claimed_job()
    if until:
        harness.run_chain(job, until=until)
    harness.executions.outcomes[f"instagram-NASA-{job['jobId']}-1"] = Outcome(status=ExecutionStatus.SUCCEEDED)
    harness.clock.advance(EXPIRED_S)
    harness.tick()
    assert (harness.document(job["jobId"])["status"], harness.document(job["jobId"])["expiries"]) == ("pending", 1)


def test_a_job_is_completed_by_no_write_without_an_account() -> None:
    with pytest.raises(ValueError, match="together with its account"):
        JobWrite("job1", jobs.complete(START, Sentence("Done."), "instagram_1"), "v")


@pytest.mark.parametrize("kind", sorted(set(ChangeKind) - {ChangeKind.COMPLETE}))
def test_only_a_completion_sets_the_status_completed(kind: ChangeKind) -> None:
    with pytest.raises(ValueError, match="may not make a job completed"):
        JobWrite("job1", Change(kind, {"status": "completed"}), "v")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{ACCOUNTS}/instagram_2", {"lastJobId": "job1"}),
        (f"{ACCOUNTS}/instagram_1", {"lastJobId": "job2"}),
        (f"{ACCOUNTS}/instagram_1", {}),
    ],
)
def test_a_completion_takes_the_account_of_its_own_job(path: str, fields: dict[str, Any]) -> None:
    completion = jobs.complete(START, Sentence("Done."), "instagram_1")
    with pytest.raises(ValueError, match="not the account that this job saved"):
        CompletingWrite("job1", completion, "v", (), DocumentWrite(path, fields))


def test_an_account_deleted_on_the_way_is_whole_again(harness: Harness) -> None:
    harness.platform.videos = videos(2)
    job = harness.claimed_job()
    state = harness.run_chain(job, until="FetchVideos")
    saved = harness.memory.get_document(f"{ACCOUNTS}/instagram_528817151")
    del harness.memory._documents[f"{ACCOUNTS}/instagram_528817151"]
    harness.run_state("SaveVideos", state)
    assert harness.document(job["jobId"])["status"] == "completed"
    again = harness.memory.get_document(f"{ACCOUNTS}/instagram_528817151") or {}
    assert again.pop("growth")["since"] == "2026-03-01"
    kept_current = {name for name in again if name.startswith(("refresh", "unavailable", "recent", "spikes"))}
    kept_current |= {"fullAt", "confirmAt", "nextRefreshAt"}
    assert {name: again[name] for name in again.keys() - kept_current} == {**(saved or {}), "videoCount": 2}


def test_progress_written_by_hand_is_not_taken_for_saved(harness: Harness) -> None:
    """SaveAccount once believed this progress and skipped its work. The job completed with an almost empty account."""
    job = harness.claimed_job()
    state = harness.run_chain(job, until="FetchAccount")
    harness.memory.touch(job["jobId"], progress=50)
    with pytest.raises(StaleAttemptError):
        harness.run_state("SaveAccount", state)
    assert accounts(harness) == {}


# Documents that were deleted, created again or edited


def recreated(harness: Harness, job_id: str) -> None:
    """Create the document again with equal fields: attempt, status, claim."""
    fields = harness.document(job_id)
    harness.memory.delete_job(job_id)
    harness.memory.touch(job_id, **fields)


def recreated_for_another_project(harness: Harness, job_id: str) -> None:
    fields = harness.document(job_id) | {"projectId": "project2"}
    harness.memory.delete_job(job_id)
    harness.memory.touch(job_id, **fields)


def claimed_again(harness: Harness, job_id: str) -> None:
    create_again(harness, job_id, projectId="project2")
    harness.tick()


def edited(**fields: Any) -> Callable[[Harness, str], None]:
    return lambda harness, job_id: harness.memory.touch(job_id, **fields)


def put_back(harness: Harness, job_id: str) -> None:
    """Set the document back to the state right after its claim."""
    harness.memory.touch(job_id, progress=0, claimProgress=0, message="Looking up the Instagram account.")


OTHER_LIVES: dict[str, Callable[[Harness, str], None]] = {
    "created again, equal in all": recreated,
    "created again for another project": recreated_for_another_project,
    "created and claimed again": claimed_again,
    "project edited": edited(projectId="project2"),
    "organisation edited": edited(orgId="org2"),
    "username edited": edited(username="nasaa"),
    "platform edited": edited(platform="tiktok"),
    "kind edited": edited(accountType="my"),
    "user edited": edited(userId="user2"),
    "attempt edited": edited(attempt=7),
    "claim edited": edited(claimId="0123456789abcdef"),
    "progress edited": edited(progress=99),
    "made malformed": edited(platform="facebook"),
    "back in the queue by hand": edited(status="pending"),
    "completed by hand": edited(status="completed"),
}


@pytest.mark.parametrize("state", CHAIN)
@pytest.mark.parametrize("what", OTHER_LIVES)
def test_execution_cannot_write_to_a_changed_job(harness: Harness, what: str, state: str) -> None:
    harness.platform.videos = videos(2)
    given: Any = harness.claimed_job()
    old = dict(given)
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    OTHER_LIVES[what](harness, old["jobId"])
    documents, staged = dict(harness.memory._documents), dict(harness.staged.bodies)
    for retry_count in (0, 1):
        with pytest.raises(StaleAttemptError):
            harness.run_state(state, given, retry_count)
    assert harness.fail_job(given, "ContractError", "{}")["isRecorded"] is False
    deps = ReconcileDeps(harness.store, harness.clock, harness.process_deps.platform)
    told = reconcile_handler(event_of(harness, old), FakeContext(), deps)  # type: ignore[arg-type]
    assert told == {"isRecorded": False}
    assert harness.memory._documents == documents
    own = {key for key in harness.staged.bodies if key.startswith(harness.execution_of(old))}
    assert {key: body for key, body in harness.staged.bodies.items() if key not in own} == {
        key: body for key, body in staged.items() if key not in own
    }


@pytest.mark.parametrize("state", CHAIN[2:])
def test_an_account_set_by_hand_is_not_the_executions(harness: Harness, state: str) -> None:
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    harness.memory.touch(given["jobId"], accountId="instagram_1")
    before = dict(harness.memory._documents)
    with pytest.raises(StaleAttemptError):
        harness.run_state(state, given)
    assert harness.memory._documents == before


@pytest.mark.parametrize("state", CHAIN[1:])
def test_execution_cannot_write_to_a_job_put_back(harness: Harness, state: str) -> None:
    given: Any = harness.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = harness.run_state(name, given)
    put_back(harness, given["jobId"])
    before = dict(harness.memory._documents)
    with pytest.raises(StaleAttemptError):
        harness.run_state(state, given)
    assert harness.memory._documents == before


def test_recreated_job_uses_its_own_staged_data(harness: Harness) -> None:
    """A late FetchAccount of the old document stages another account while the new job is between two states."""
    old = harness.claimed_job()
    claimed_again(harness, old["jobId"])
    new = next(dict(p) for p in harness.executions.started.values() if p["projectId"] == "project2")
    before, after = harness.executions.started
    fetched = harness.run_state("FetchAccount", new, execution=after)
    harness.platform.account = account(platform_user_id="1", username="other")
    with pytest.raises(StaleAttemptError):
        harness.run_state("FetchAccount", old, execution=before)
    harness.run_state("SaveAccount", fetched, execution=after)
    assert list(accounts(harness, "project2")) == ["instagram_528817151"]


def test_a_job_that_is_gone_stops_its_execution(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.memory.delete_job(job["jobId"])
    with pytest.raises(JobCancelledError):
        harness.run_state("FetchAccount", job)


def test_edited_job_starts_again_with_its_new_fields(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.memory.touch(job["jobId"], projectId="project2")
    with pytest.raises(StaleAttemptError):
        harness.run_state("FetchAccount", job)
    harness.clock.advance(EXPIRED_S)
    harness.tick()
    assert harness.tick()["started"] == 1
    harness.run_chain(next(dict(p) for p in harness.executions.started.values() if p["attempt"] == 2))
    assert (accounts(harness), list(accounts(harness, "project2"))) == ({}, ["instagram_528817151"])


# Lost replies


class LosesReplies(MemoryStore):
    """A store that writes jobs and loses the replies. The client then sends the writes again, or raises an error."""

    def __init__(self, harness: Harness, *, is_resent: bool) -> None:
        super().__init__(harness.clock)
        self.to_lose = 0
        self._is_resent = is_resent

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        answers = super().write_each(writes)
        if not self.to_lose or not writes:
            return answers
        self.to_lose -= 1
        if not self._is_resent:
            raise StoreUnavailableError(Sentence("Our database did not answer."))
        return super().write_each(writes)


@pytest.mark.parametrize("is_resent", [True, False])
def test_a_claim_whose_reply_was_lost_starts_in_the_same_tick(is_resent: bool) -> None:
    harness = Harness()
    store = LosesReplies(harness, is_resent=is_resent)
    harness.use(store)
    ids = [harness.add_job() for _ in range(20)]
    store.to_lose = 1
    counts = harness.tick()
    assert (counts["started"], counts["lost"]) == (20, 0)
    assert {started["jobId"] for started in harness.executions.started.values()} == set(ids)
    assert {started["version"] for started in harness.executions.started.values()} == {
        snapshot.version for snapshot in store.get_jobs(ids)
    }
    assert [harness.document(job_id).get("expiries") for job_id in ids] == [None] * 20


def test_two_lost_replies_in_a_row_fail_the_tick(harness: Harness) -> None:
    store = LosesReplies(harness, is_resent=False)
    harness.use(store)
    harness.add_job()
    store.to_lose = 2
    with pytest.raises(StoreUnavailableError):
        harness.tick()


def test_tick_without_time_does_not_check_a_lost_reply(harness: Harness) -> None:
    store = LosesReplies(harness, is_resent=False)
    harness.use(store)
    harness.add_job()
    store.to_lose = 1
    with pytest.raises(StoreUnavailableError):
        harness.tick(remaining_s=25)


@pytest.mark.parametrize("is_resent", [True, False])
def test_a_repair_whose_reply_was_lost_is_counted(is_resent: bool) -> None:
    harness = Harness()
    store = LosesReplies(harness, is_resent=is_resent)
    harness.use(store)
    job_id = harness.add_job()
    harness.executions.refusing = {f"instagram-NASA-{job_id}-1": StartUnknownError("no reply")}
    harness.tick()
    harness.clock.advance(EXPIRED_S)
    store.to_lose = 1
    assert harness.tick()["repaired"] == 1


def test_another_ticks_claim_is_not_taken_for_ours(harness: Harness) -> None:
    job_id = harness.add_job()

    class Slower(MemoryStore):
        """A store in which another tick claims and starts the job between this tick's read and its claim."""

        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            harness.store = harness.memory
            harness.tick()
            return harness.memory.write_each(writes)

        def open_jobs(self, limit: int) -> Any:
            return harness.memory.open_jobs(limit)

        def get_jobs(self, job_ids: Sequence[str]) -> Any:
            return harness.memory.get_jobs(job_ids)

    harness.store = Slower(harness.clock)
    counts = harness.tick()
    assert (counts["started"], counts["lost"]) == (0, 1)
    assert [started["jobId"] for started in harness.executions.started.values()] == [job_id]


class ResentCommits(MemoryStore):
    """A store that makes each commit twice, as a client does after a lost reply."""

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        super().commit(job, documents)
        return super().commit(job, documents)


def test_commits_that_are_sent_twice_are_made_once() -> None:
    harness = Harness(videos=videos(1_000))
    harness.use(ResentCommits(harness.clock))
    job = harness.claimed_job()
    harness.run_chain(job)
    document = harness.document(job["jobId"])
    assert (document["status"], document["message"]) == ("completed", "Done: 1,000 videos saved.")
    assert len(harness.memory.get_documents(f"{ACCOUNTS}/instagram_528817151/videos")) == 1_000


class Resent(MemoryStore):
    """A store that makes each commit, then reports a created document as existing, as after a repeated request."""

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        self.made += 1
        version = super().commit(job, documents)
        if any(document.must_be_new for document in (*job.companions, *documents)):
            raise DocumentExistsError("sent again")
        return version

    made = 0


def test_a_create_that_is_sent_again_is_no_failure() -> None:
    harness = Harness(videos=videos(2))
    store = Resent(harness.clock)
    harness.use(store)
    job = harness.claimed_job()
    state = harness.run_chain(job, until="FetchVideos")
    del store._documents[f"{ACCOUNTS}/instagram_528817151"]
    harness.run_state("SaveVideos", state)
    assert harness.document(job["jobId"])["status"] == "completed"
    assert store.made == 8  # commits: 1 claim, 1 for each fetching state, 2 of SaveAccount, 3 of SaveVideos


def test_an_account_that_comes_and_goes_is_tried_again_later(harness: Harness) -> None:
    class Flickering(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            if any(document.must_be_new for document in documents):
                raise DocumentExistsError("there")
            if any(document.must_exist for document in documents):
                raise DocumentMissingError("gone")
            return super().commit(job, documents)

    harness.use(Flickering(harness.clock))
    state = harness.run_chain(harness.claimed_job(), until="FetchAccount")
    with pytest.raises(StoreUnavailableError):
        harness.run_state("SaveAccount", state)


def test_a_failure_that_is_sent_twice_is_recorded_once() -> None:
    harness = Harness()
    harness.use(ResentCommits(harness.clock))
    job = harness.claimed_job()
    assert harness.fail_job(job, "ContractError", "{}")["isRecorded"] is True
