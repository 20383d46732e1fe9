"""Cases that once broke the system: a status that said what was not so, or one odd thing that harmed others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from reconcile.app import handler as reconcile_handler
from tests.doubles import START, FakeContext
from tests.factories import account, job_document, videos
from tests.unit.test_reconcile import event_of
from tests.world import CHAIN, World
from tracking import jobs
from tracking.errors import JobCancelledError, StaleAttemptError, StoreUnavailableError
from tracking.executions import StartUnknownError
from tracking.jobs import LEASE
from tracking.outcomes import ExecutionStatus, Outcome
from tracking.store import (
    CompletingWrite,
    DocumentExistsError,
    DocumentMissingError,
    DocumentWrite,
    JobWrite,
    Unwritable,
    companions,
)
from tracking.store.memory import MemoryStore
from tracking.wiring import ReconcileDeps

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"
EXPIRED_S = LEASE.total_seconds() + 1


def accounts(world: World, project: str = "project1") -> dict[str, Any]:
    return world.memory.get_documents(f"organizations/org1/projects/{project}/trackedAccounts")


def create_again(world: World, job_id: str, **fields: Any) -> None:
    """The same document id a second time: deterministic ids of a front end, after a cleanup."""
    world.memory.delete_job(job_id)
    world.memory.touch(job_id, **job_document(**fields))


# One life, one name


def test_an_id_that_is_used_again_is_fetched_again(world: World) -> None:
    world.platform.videos = videos(2)
    first = world.claimed_job()
    world.run_chain(first)
    world.memory._documents = {p: d for p, d in world.memory._documents.items() if "trackedAccounts" not in p}
    create_again(world, first["jobId"])
    assert world.tick()["started"] == 1
    names = list(world.executions.started)
    assert len(names) == 2
    world.run_chain(dict(world.executions.started[names[1]]))
    assert world.document(first["jobId"])["status"] == "completed"
    assert list(accounts(world)) == ["instagram_528817151"]


def test_an_id_used_again_is_not_taken_for_its_old_execution(world: World) -> None:
    first = world.claimed_job()
    world.run_chain(first)
    (old,) = world.executions.started
    create_again(world, first["jobId"])
    world.executions.outcomes[old] = Outcome(status=ExecutionStatus.FAILED)
    world.tick()
    world.clock.advance(EXPIRED_S)
    world.tick()
    document = world.document(first["jobId"])
    assert (document["status"], document.get("expiries")) == ("processing", None)  # the new one runs: a new lease


def test_two_jobs_of_one_readable_name_are_both_fetched(world: World) -> None:
    world.memory.touch("X", **job_document(username="loveluxury.com", platform="tiktok"))
    world.memory.touch("com-X", **job_document(username="loveluxury", platform="tiktok", orgId="org2"))
    assert world.tick()["started"] == 2
    assert {started["jobId"] for started in world.executions.started.values()} == {"X", "com-X"}


def test_a_name_that_somebody_took_is_not_ours(world: World) -> None:
    """The claim is given back; the next one has another name."""
    job_id = world.add_job()
    before = world.executions.start

    def taken(name: str, payload: Any) -> None:
        world.executions.started[name] = {"jobId": "somebody else's"}
        world.executions.start = before  # type: ignore[method-assign]
        before(name, payload)

    world.executions.start = taken  # type: ignore[method-assign]
    with pytest.raises(Exception, match="ExecutionAlreadyExists: 1 jobs"):
        world.tick()
    assert world.document(job_id)["status"] == "pending"
    assert world.tick()["started"] == 1
    assert world.document(job_id)["attempt"] == 2


# `completed` means saved


@pytest.mark.parametrize("until", [None, *CHAIN[:-1]])
def test_success_without_completion_is_an_interruption(world: World, until: str | None) -> None:
    job = world.claimed_job()
    if until:
        world.run_chain(job, until=until)
    world.executions.outcomes[f"instagram-NASA-{job['jobId']}-1"] = Outcome(status=ExecutionStatus.SUCCEEDED)
    world.clock.advance(EXPIRED_S)
    world.tick()
    assert (world.document(job["jobId"])["status"], world.document(job["jobId"])["expiries"]) == ("pending", 1)


def test_a_job_is_completed_by_no_write_without_an_account() -> None:
    completion = jobs.complete(START, "Done.", "instagram_1")
    with pytest.raises(ValueError, match="together with its account"):
        JobWrite("job1", completion.fields, "v")
    with pytest.raises(ValueError, match="together with its account"):
        JobWrite("job1", {"status": "completed"}, "v")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{ACCOUNTS}/instagram_2", {"lastJobId": "job1"}),
        (f"{ACCOUNTS}/instagram_1", {"lastJobId": "job2"}),
        (f"{ACCOUNTS}/instagram_1", {}),
    ],
)
def test_a_completion_takes_the_account_of_its_own_job(path: str, fields: dict[str, Any]) -> None:
    completion = jobs.complete(START, "Done.", "instagram_1")
    with pytest.raises(ValueError, match="not the account that this job saved"):
        CompletingWrite.of("job1", completion, "v", DocumentWrite(path, fields))


def test_an_account_deleted_on_the_way_is_whole_again(world: World) -> None:
    world.platform.videos = videos(2)
    job = world.claimed_job()
    state = world.run_chain(job, until="FetchVideos")
    saved = world.memory.get_document(f"{ACCOUNTS}/instagram_528817151")
    del world.memory._documents[f"{ACCOUNTS}/instagram_528817151"]
    world.run_state("SaveVideos", state)
    assert world.document(job["jobId"])["status"] == "completed"
    assert world.memory.get_document(f"{ACCOUNTS}/instagram_528817151") == {**(saved or {}), "videoCount": 2}


def test_progress_written_by_hand_is_not_taken_for_saved(world: World) -> None:
    """Once SaveAccount believed that it had been done, and the job was completed with a stub of an account."""
    job = world.claimed_job()
    state = world.run_chain(job, until="FetchAccount")
    world.memory.touch(job["jobId"], progress=50)
    with pytest.raises(StaleAttemptError):
        world.run_state("SaveAccount", state)
    assert accounts(world) == {}


# The fence knows its own


def recreated(world: World, job_id: str) -> None:
    """Equal in all that it says: attempt, status, claim."""
    fields = world.document(job_id)
    world.memory.delete_job(job_id)
    world.memory.touch(job_id, **fields)


def recreated_for_another_project(world: World, job_id: str) -> None:
    fields = world.document(job_id) | {"projectId": "project2"}
    world.memory.delete_job(job_id)
    world.memory.touch(job_id, **fields)


def claimed_again(world: World, job_id: str) -> None:
    create_again(world, job_id, projectId="project2")
    world.tick()


def edited(**fields: Any) -> Callable[[World, str], None]:
    return lambda world, job_id: world.memory.touch(job_id, **fields)


def put_back(world: World, job_id: str) -> None:
    """In place, to the moment of its claim."""
    world.memory.touch(job_id, progress=0, claimProgress=0, message="Looking up the Instagram account.")


OTHER_LIVES: dict[str, Callable[[World, str], None]] = {
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
def test_an_execution_writes_nothing_for_another_life(world: World, what: str, state: str) -> None:
    world.platform.videos = videos(2)
    given: Any = world.claimed_job()
    old = dict(given)
    for name in CHAIN[: CHAIN.index(state)]:
        given = world.run_state(name, given)
    OTHER_LIVES[what](world, old["jobId"])
    documents, staged = dict(world.memory._documents), dict(world.staged.bodies)
    for retry_count in (0, 1):
        with pytest.raises(StaleAttemptError):
            world.run_state(state, given, retry_count)
    assert world.fail_job(given, "ContractError", "{}")["isRecorded"] is False
    deps = ReconcileDeps(world.store, world.clock)
    told = reconcile_handler(event_of(world, old), FakeContext(), deps)  # type: ignore[arg-type]
    assert told == {"isRecorded": False}
    assert world.memory._documents == documents
    own = {key for key in world.staged.bodies if key.startswith(world.execution_of(old))}
    assert {key: body for key, body in world.staged.bodies.items() if key not in own} == {
        key: body for key, body in staged.items() if key not in own
    }


@pytest.mark.parametrize("state", CHAIN[2:])
def test_an_account_set_by_hand_is_not_the_executions(world: World, state: str) -> None:
    given: Any = world.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = world.run_state(name, given)
    world.memory.touch(given["jobId"], accountId="instagram_1")
    before = dict(world.memory._documents)
    with pytest.raises(StaleAttemptError):
        world.run_state(state, given)
    assert world.memory._documents == before


@pytest.mark.parametrize("state", CHAIN[1:])
def test_a_job_put_back_to_an_earlier_moment_is_another_life(world: World, state: str) -> None:
    given: Any = world.claimed_job()
    for name in CHAIN[: CHAIN.index(state)]:
        given = world.run_state(name, given)
    put_back(world, given["jobId"])
    before = dict(world.memory._documents)
    with pytest.raises(StaleAttemptError):
        world.run_state(state, given)
    assert world.memory._documents == before


def test_the_new_lifes_staged_data_is_its_own(world: World) -> None:
    """A late FetchAccount of the old life stages another account while the new life is between its states."""
    old = world.claimed_job()
    claimed_again(world, old["jobId"])
    new = next(dict(p) for p in world.executions.started.values() if p["projectId"] == "project2")
    before, after = world.executions.started
    fetched = world.run_state("FetchAccount", new, execution=after)
    world.platform.account = account(platform_user_id="1", username="other")
    with pytest.raises(StaleAttemptError):
        world.run_state("FetchAccount", old, execution=before)
    world.run_state("SaveAccount", fetched, execution=after)
    assert list(accounts(world, "project2")) == ["instagram_528817151"]


def test_a_job_that_is_gone_stops_its_execution(world: World) -> None:
    job = world.claimed_job()
    world.memory.delete_job(job["jobId"])
    with pytest.raises(JobCancelledError):
        world.run_state("FetchAccount", job)


def test_an_edited_job_is_begun_again_with_what_it_says_now(world: World) -> None:
    job = world.claimed_job()
    world.memory.touch(job["jobId"], projectId="project2")
    with pytest.raises(StaleAttemptError):
        world.run_state("FetchAccount", job)
    world.clock.advance(EXPIRED_S)
    world.tick()
    assert world.tick()["started"] == 1
    world.run_chain(next(dict(p) for p in world.executions.started.values() if p["attempt"] == 2))
    assert (accounts(world), list(accounts(world, "project2"))) == ({}, ["instagram_528817151"])


# Lost replies are cheap


class LosesReplies(MemoryStore):
    """Writes of jobs are made, and their replies lost: the client sends them again, or says that nothing came."""

    def __init__(self, world: World, *, is_resent: bool) -> None:
        super().__init__(world.clock)
        self.to_lose = 0
        self._is_resent = is_resent

    def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
        answers = super().write_each(writes)
        if not self.to_lose or not writes:
            return answers
        self.to_lose -= 1
        if not self._is_resent:
            raise StoreUnavailableError("Our database did not answer.")
        return super().write_each(writes)


@pytest.mark.parametrize("is_resent", [True, False])
def test_a_claim_whose_reply_was_lost_starts_in_the_same_tick(is_resent: bool) -> None:
    world = World()
    store = LosesReplies(world, is_resent=is_resent)
    world.use(store)
    ids = [world.add_job() for _ in range(20)]
    store.to_lose = 1
    counts = world.tick()
    assert (counts["started"], counts["lost"]) == (20, 0)
    assert {started["jobId"] for started in world.executions.started.values()} == set(ids)
    assert {started["version"] for started in world.executions.started.values()} == {
        snapshot.version for snapshot in store.get_jobs(ids)
    }
    assert [world.document(job_id).get("expiries") for job_id in ids] == [None] * 20


def test_two_lost_replies_in_a_row_fail_the_tick(world: World) -> None:
    store = LosesReplies(world, is_resent=False)
    world.use(store)
    world.add_job()
    store.to_lose = 2
    with pytest.raises(StoreUnavailableError):
        world.tick()


def test_without_time_a_lost_reply_is_not_asked_after(world: World) -> None:
    store = LosesReplies(world, is_resent=False)
    world.use(store)
    world.add_job()
    store.to_lose = 1
    with pytest.raises(StoreUnavailableError):
        world.tick(remaining_s=25)


@pytest.mark.parametrize("is_resent", [True, False])
def test_a_repair_whose_reply_was_lost_is_counted(is_resent: bool) -> None:
    world = World()
    store = LosesReplies(world, is_resent=is_resent)
    world.use(store)
    job_id = world.add_job()
    world.executions.refusing = {f"instagram-NASA-{job_id}-1": StartUnknownError("no reply")}
    world.tick()
    world.clock.advance(EXPIRED_S)
    store.to_lose = 1
    assert world.tick()["repaired"] == 1


def test_another_ticks_claim_is_not_taken_for_ours(world: World) -> None:
    job_id = world.add_job()

    class Slower(MemoryStore):
        """Another tick claims and starts between this one's read and its claim."""

        def write_each(self, writes: Sequence[JobWrite]) -> list[str | Unwritable | None]:
            world.store = world.memory
            world.tick()
            return world.memory.write_each(writes)

        def open_jobs(self, limit: int) -> Any:
            return world.memory.open_jobs(limit)

        def get_jobs(self, job_ids: Sequence[str]) -> Any:
            return world.memory.get_jobs(job_ids)

    world.store = Slower(world.clock)
    counts = world.tick()
    assert (counts["started"], counts["lost"]) == (0, 1)
    assert [started["jobId"] for started in world.executions.started.values()] == [job_id]


class ResentCommits(MemoryStore):
    """Each commit is made, its reply lost, and the client sends it again."""

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        super().commit(job, documents)
        return super().commit(job, documents)


def test_commits_that_are_sent_twice_are_made_once() -> None:
    world = World(videos=videos(1_000))
    world.use(ResentCommits(world.clock))
    job = world.claimed_job()
    world.run_chain(job)
    document = world.document(job["jobId"])
    assert (document["status"], document["message"]) == ("completed", "Done: 1,000 videos saved.")
    assert len(world.memory.get_documents(f"{ACCOUNTS}/instagram_528817151/videos")) == 1_000


class Resent(MemoryStore):
    """Checks the documents before the job, as a database may: a create that is sent again finds its document there."""

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        self.made += 1
        version = super().commit(job, documents)
        if any(document.must_be_new for document in (*companions(job), *documents)):
            raise DocumentExistsError("sent again")
        return version

    made = 0


def test_a_create_that_is_sent_again_is_no_failure() -> None:
    world = World(videos=videos(2))
    store = Resent(world.clock)
    world.use(store)
    job = world.claimed_job()
    state = world.run_chain(job, until="FetchVideos")
    del store._documents[f"{ACCOUNTS}/instagram_528817151"]
    world.run_state("SaveVideos", state)
    assert world.document(job["jobId"])["status"] == "completed"
    assert store.made == 8  # the claim, one of each fetching state, two of SaveAccount, three of SaveVideos


def test_an_account_that_comes_and_goes_is_tried_again_later(world: World) -> None:
    class Flickering(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            if any(document.must_be_new for document in documents):
                raise DocumentExistsError("there")
            if any(document.must_exist for document in documents):
                raise DocumentMissingError("gone")
            return super().commit(job, documents)

    world.use(Flickering(world.clock))
    state = world.run_chain(world.claimed_job(), until="FetchAccount")
    with pytest.raises(StoreUnavailableError):
        world.run_state("SaveAccount", state)


def test_a_failure_that_is_sent_twice_is_recorded_once() -> None:
    world = World()
    world.use(ResentCommits(world.clock))
    job = world.claimed_job()
    assert world.fail_job(job, "ContractError", "{}")["isRecorded"] is True
