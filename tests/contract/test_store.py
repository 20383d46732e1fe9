"""The contract of a store: one suite for the memory store and the Firestore store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.front_ends import FrontEnd
from tests.doubles import START
from tests.factories import account, bare_change, job_document, video
from tracking import jobs, walks
from tracking.document_limits import MAX_DOCUMENT_BYTES, fitted, stored_bytes
from tracking.errors import InvalidJobError
from tracking.jobs import Change, ChangeKind, PlatformName, Progress, Status
from tracking.sentences import Sentence, say
from tracking.store import (
    CompletingWrite,
    DocumentExistsError,
    DocumentMissingError,
    DocumentWrite,
    EndingWrite,
    JobFilter,
    JobSnapshot,
    JobWrite,
    StaleVersionError,
    Store,
    Unwritable,
    WriteRefusedError,
)

ACCOUNTS = "organizations/o/projects/p/trackedAccounts"
ACCOUNT = f"{ACCOUNTS}/instagram_1"


def read(store: Store, job_id: str) -> JobSnapshot:
    snapshot = store.get_job(job_id)
    assert snapshot is not None
    return snapshot


def moment(version: str) -> datetime:
    return datetime.fromisoformat(version)


# Jobs


def test_a_created_job_is_read_back_as_it_was_written(store: Store) -> None:
    job_id = store.create_job(job_document(createdAt=START.replace(microsecond=123456)))
    snapshot = read(store, job_id)
    assert snapshot.job_id == job_id
    assert snapshot.data == job_document(createdAt=START.replace(microsecond=123456))
    assert snapshot.created_at.tzinfo is not None
    assert snapshot.parse().created_at == START.replace(microsecond=123456)


def test_created_jobs_have_ids_of_their_own(store: Store) -> None:
    first, second = store.create_job(job_document()), store.create_job(job_document())
    store.delete_jobs([read(store, first)])
    assert len({first, second, store.create_job(job_document())}) == 3


def test_a_job_that_is_not_there_is_none(store: Store) -> None:
    assert store.get_job("nobody") is None


def test_snapshot_does_not_change_with_the_document(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    snapshot = read(store, job_id)
    front_end.write(job_id, status="cancelled")
    assert snapshot.data["status"] == "pending"
    snapshot.data["status"] = "completed"
    assert read(store, job_id).data["status"] == "cancelled"


def test_documents_are_copied_when_read_and_written(store: Store) -> None:
    """Nobody can change a document but by a write."""
    given = job_document(steps={"accountFetched": START})
    job_id = store.create_job(given)
    found = [read(store, job_id), *store.get_jobs([job_id]), *store.open_jobs(9), *store.pending_jobs(9)]
    found += store.list_jobs(JobFilter(), 9)
    copies = [given, *(snapshot.data for snapshot in found), *store.get_documents("trackingJobs").values()]
    assert len(copies) == 7
    for copy in copies:
        copy["status"] = "completed"
        copy["steps"].clear()
    assert read(store, job_id).data == job_document(steps={"accountFetched": START})


def test_a_document_keeps_the_moment_of_its_creation(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    created = read(store, job_id).created_at
    front_end.write(job_id, colour="blue")
    assert read(store, job_id).created_at == created


def test_a_snapshot_tells_the_moment_of_its_last_write(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    created = read(store, job_id)
    front_end.write(job_id, status="pending")  # changes nothing
    assert read(store, job_id).updated_at == created.updated_at == moment(created.version)
    front_end.write(job_id, colour="blue")
    touched = read(store, job_id)
    assert touched.updated_at == moment(touched.version) > created.updated_at
    assert touched.updated_at.utcoffset() == timedelta(0)


def test_versions_grow_with_every_write(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    versions = [read(store, job_id).version]
    for number in range(1, 6):
        versions.append(store.commit(JobWrite(job_id, bare_change(progress=number), versions[-1])))
        assert read(store, job_id).version == versions[-1]
    front_end.write(job_id, colour="blue")
    versions.append(read(store, job_id).version)
    (version,) = store.write_each([JobWrite(job_id, bare_change(progress=9), versions[-1])])
    assert isinstance(version, str)
    versions.append(version)
    moments = [moment(version) for version in versions]
    assert moments == sorted(set(moments))


def test_a_write_that_changes_nothing_keeps_the_version(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    version = read(store, job_id).version
    front_end.write(job_id, status="pending")
    assert (
        store.commit(JobWrite(job_id, bare_change(progress=0), version), [DocumentWrite(ACCOUNT, {"n": 1})]) == version
    )
    assert store.write_each([JobWrite(job_id, bare_change(progress=0), version)]) == [version]


SPENT_BEFORE: tuple[tuple[Any, dict[str, Any]], ...] = (
    # before, and after adding 2 units and 0.25 dollars
    (None, {"units": 2, "usd": 0.25}),
    ({"units": 3, "posts": 4, "usd": 1}, {"units": 5, "posts": 4, "usd": 1.25}),
    ({"units": "many", "other": "x"}, {"units": 2, "usd": 0.25, "other": "x"}),
    ("a text", {"units": 2, "usd": 0.25}),
)


@pytest.mark.parametrize(("before", "after"), SPENT_BEFORE)
@pytest.mark.parametrize("is_alone", [True, False])
def test_what_was_spent_is_added_to_the_document(
    store: Store, front_end: FrontEnd, before: Any, after: dict[str, Any], is_alone: bool
) -> None:
    """The front end never writes the field; an operator's edit must not stop the job."""
    job_id = store.create_job(job_document(spent=before))
    change = Change(ChangeKind.NOTE, {"message": "Saved."}, {"units": 2, "usd": 0.25})
    write = JobWrite(job_id, change, read(store, job_id).version)
    (version,) = store.write_each([write]) if is_alone else [store.commit(write)]
    snapshot = read(store, job_id)
    assert (snapshot.version, snapshot.data["message"], snapshot.data["spent"]) == (version, "Saved.", after)
    assert snapshot.holds(write)


@pytest.mark.parametrize("before", [None, "a text", {"accountFetched": START}, {"other": 1}])
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_steps_time_is_added_to_the_document(store: Store, before: Any, is_alone: bool) -> None:
    job_id = store.create_job(job_document(steps=before))
    change = jobs.advance(START + timedelta(seconds=1), Progress.ACCOUNT_SAVED, say("accountSaved"))
    write = JobWrite(job_id, change, read(store, job_id).version)
    (version,) = store.write_each([write]) if is_alone else [store.commit(write)]
    snapshot = read(store, job_id)
    kept = before if isinstance(before, dict) else {}
    assert snapshot.data["steps"] == {**kept, "accountSaved": START + timedelta(seconds=1)}
    assert (snapshot.version, snapshot.holds(write)) == (version, True)


def test_amounts_that_no_longer_fit_are_refused(store: Store) -> None:
    job_id = store.create_job(job_document())
    room = MAX_DOCUMENT_BYTES - stored_bytes(read(store, job_id).data)
    full = store.commit(JobWrite(job_id, bare_change(filler="x" * (room - 500)), read(store, job_id).version))
    spent = {f"resource{number}": 1.0 for number in range(50)}
    with pytest.raises(WriteRefusedError):
        store.commit(JobWrite(job_id, Change(ChangeKind.NOTE, {}, spent), full))
    assert read(store, job_id).version == full


def test_nothing_is_added_by_a_write_that_is_refused(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document(spent={"units": 1}))
    write = JobWrite(job_id, Change(ChangeKind.NOTE, {"n": 1}, {"units": 1}), read(store, job_id).version)
    store.commit(write)
    with pytest.raises(StaleVersionError):
        store.commit(write)
    assert read(store, job_id).data["spent"] == {"units": 2}


def test_pending_jobs_are_all_pending_ones_malformed_too(store: Store, front_end: FrontEnd) -> None:
    well_formed = store.create_job(job_document())
    front_end.write("bad", status="pending", username=7)
    for status in ("processing", "completed", "failed", "cancelled", "PENDING"):
        store.create_job(job_document(status=status))
    front_end.write("no-status", username="x")
    found = {snapshot.job_id: snapshot for snapshot in store.pending_jobs(10)}
    assert set(found) == {well_formed, "bad"}
    assert found[well_formed] == read(store, well_formed)
    with pytest.raises(InvalidJobError):
        found["bad"].parse()


def test_pending_jobs_are_no_more_than_asked_for(store: Store) -> None:
    for _ in range(4):
        store.create_job(job_document())
    assert len(store.pending_jobs(3)) == 3
    assert len(store.pending_jobs(500)) == 4


def test_pending_jobs_go_on_from_an_id_and_in_the_order_of_ids(store: Store, front_end: FrontEnd) -> None:
    for job_id in ("b", "a", "\u00e4", "B", "aa"):
        front_end.write(job_id, status="pending")
    front_end.write("done", status="completed")
    assert [job.job_id for job in store.pending_jobs(10)] == ["B", "a", "aa", "b", "\u00e4"]
    assert [job.job_id for job in store.pending_jobs(10, from_id="aa")] == ["aa", "b", "\u00e4"]
    assert [job.job_id for job in store.pending_jobs(2, from_id="aa")] == ["aa", "b"]
    assert [job.job_id for job in store.pending_jobs(10, from_id="ab")] == ["b", "\u00e4"]  # the id of a deleted job
    assert store.pending_jobs(10, from_id="\u00ff") == []


def test_pending_jobs_can_exclude_platforms(store: Store, front_end: FrontEnd) -> None:
    """Jobs of unknown or odd platforms stay in the answer, so that the tick can fail them."""
    for name in PlatformName:
        front_end.write(name, status="pending", platform=name)
    front_end.write("facebook", status="pending", platform="facebook")
    front_end.write("seven", status="pending", platform=7)
    front_end.write("unnamed", status="pending")
    front_end.write("null", status="pending", platform=None)
    front_end.write("running", status="processing", platform="youtube")

    def left(*without: PlatformName) -> set[str]:
        return {job.job_id for job in store.pending_jobs(20, without=without)}

    odd = {"facebook", "seven"}
    assert left(PlatformName.INSTAGRAM, PlatformName.TIKTOK) == {"youtube", "twitter"} | odd
    assert left(*PlatformName) == odd
    assert left() == {*PlatformName, *odd, "unnamed", "null"}
    assert len(store.pending_jobs(2, without=[PlatformName.YOUTUBE])) == 2


def test_open_jobs_are_the_pending_and_the_processing_ones(store: Store, front_end: FrontEnd) -> None:
    for job_id, status in (("d", "pending"), ("b", "processing"), ("a", "pending"), ("c", "failed"), ("e", None)):
        front_end.write(job_id, status=status)
    front_end.write("f", username="x")
    assert [job.job_id for job in store.open_jobs(10)] == ["a", "b", "d"]
    assert [job.job_id for job in store.open_jobs(2)] == ["a", "b"]
    assert store.open_jobs(10)[0] == read(store, "a")


def test_processing_jobs_include_jobs_without_a_lease(store: Store, front_end: FrontEnd) -> None:
    for job_id, status in (("d", "processing"), ("b", "processing"), ("a", "pending"), ("c", "completed")):
        front_end.write(job_id, status=status)
    front_end.write("d", leaseUntil=START)
    assert [job.job_id for job in store.processing_jobs(10)] == ["b", "d"]
    assert [job.job_id for job in store.processing_jobs(1)] == ["b"]


def test_waiting_orgs_are_walked_in_order_without_odd_ids(store: Store, front_end: FrontEnd) -> None:
    rows = [
        # org, platform, status
        ("b", "youtube", "pending"),
        ("b", "youtube", "pending"),
        ("a", "twitter", "pending"),
        ("c", "youtube", "processing"),
        ("d", "instagram", "pending"),
        ("\u00e4", "youtube", "pending"),
        ("", "youtube", "pending"),
    ]
    for number, (org, platform, status) in enumerate(rows):
        front_end.write(f"job{number}", orgId=org, platform=platform, status=status)
    for number, odd in enumerate((7, None, True, START, b"bytes", ["a"], {"a": 1})):
        front_end.write(f"odd{number}", orgId=odd, platform="youtube", status="pending")
    front_end.write("none", platform="youtube", status="pending")

    def walked(*platforms: PlatformName) -> list[str]:
        orgs: list[str] = []
        while (org := store.next_waiting_org(orgs[-1] if orgs else "", platforms)) is not None:
            orgs.append(org)
        return orgs

    assert walked(*PlatformName) == ["a", "b", "d", "\u00e4"]
    assert walked(PlatformName.YOUTUBE) == ["b", "\u00e4"]
    assert walked(PlatformName.TIKTOK) == []


def test_pending_jobs_of_an_org_are_its_urgent_and_oldest(store: Store, front_end: FrontEnd) -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("oldest", {"createdAt": START}),
        ("older", {"createdAt": START + timedelta(seconds=1), "priority": -3}),
        ("old", {"createdAt": START + timedelta(seconds=2), "priority": 0}),
        ("urgent", {"createdAt": START + timedelta(seconds=9), "priority": 1}),
        ("urgent-later", {"createdAt": START + timedelta(seconds=10), "priority": 1}),
        ("most-urgent", {"createdAt": START + timedelta(seconds=11), "priority": 2.5}),
        ("wordy", {"createdAt": START + timedelta(seconds=12), "priority": "high"}),
        ("undated", {"priority": 9}),
        ("elsewhere", {"createdAt": START, "orgId": "other"}),
        ("other-platform", {"createdAt": START, "platform": "twitter"}),
        ("running", {"createdAt": START, "status": "processing"}),
    ]
    for job_id, fields in rows:
        front_end.write(job_id, **{"orgId": "o", "platform": "youtube", "status": "pending"} | fields)

    def first(limit: int) -> set[str]:
        return {job.job_id for job in store.pending_of_org("o", [PlatformName.YOUTUBE], limit)}

    assert first(1) == {"most-urgent", "oldest"}
    assert first(2) == {"most-urgent", "urgent", "oldest", "older"}
    assert first(20) == {"oldest", "older", "old", "urgent", "urgent-later", "most-urgent", "wordy"}
    assert [job.job_id for job in store.pending_of_org("o", [PlatformName.YOUTUBE], 20)].count("urgent") == 1
    assert store.pending_of_org("nobody", [PlatformName.YOUTUBE], 20) == []
    since = START + timedelta(seconds=2)
    young = {job.job_id for job in store.pending_of_org("o", [PlatformName.YOUTUBE], 1, since)}
    assert young == {"most-urgent", "old"}
    front_end.write("older", updatedAt=since + timedelta(seconds=1))
    front_end.write("oldest", updatedAt=since)
    found = {job.job_id for job in store.pending_of_org("o", [PlatformName.YOUTUBE], 1, since)}
    assert found == {"most-urgent", "old", "oldest"}
    assert store.pending_of_org("o", [PlatformName.YOUTUBE], 20, START + timedelta(days=1)) != []  # those with priority


def test_oldest_pending_jobs_come_by_their_dates(store: Store, front_end: FrontEnd) -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("younger", {"createdAt": START + timedelta(seconds=1), "orgId": "other"}),
        ("oldest", {"createdAt": START}),
        ("ancient", {"createdAt": START.replace(year=1900)}),
        ("undated", {}),
        ("null", {"createdAt": None}),
        ("number", {"createdAt": 1}),
        ("wordy", {"createdAt": "yesterday"}),
        ("other-platform", {"createdAt": START, "platform": "twitter"}),
        ("running", {"createdAt": START, "status": "processing"}),
    ]
    for job_id, fields in rows:
        front_end.write(job_id, **{"orgId": "o", "platform": "youtube", "status": "pending"} | fields)

    def first(limit: int, *platforms: PlatformName) -> list[str]:
        return [job.job_id for job in store.oldest_pending(platforms, limit)]

    assert first(20, PlatformName.YOUTUBE) == ["ancient", "oldest", "younger"]
    assert first(1, PlatformName.YOUTUBE) == ["ancient"]
    assert [job.job_id for job in store.oldest_pending([PlatformName.YOUTUBE], 1, START)] == ["oldest"]
    assert first(20, PlatformName.TIKTOK) == []
    assert set(first(20, *PlatformName)) == {"ancient", "oldest", "younger", "other-platform"}


# put_document


def test_a_document_is_put_and_merged_field_by_field(store: Store) -> None:
    path = "trackingControl/platforms"
    store.put_document(DocumentWrite(path, {"youtube": {"until": START, "reason": "a"}, "tiktok": None}))
    store.put_document(DocumentWrite(path, {"twitter": {"until": START, "reason": "b"}}))
    store.put_document(DocumentWrite(path, {"youtube": None}))
    assert store.get_document(path) == {"youtube": None, "tiktok": None, "twitter": {"until": START, "reason": "b"}}


def test_a_document_that_must_be_new_is_put_once(store: Store) -> None:
    store.put_document(DocumentWrite("a/b", {"n": 1}, must_be_new=True))
    with pytest.raises(DocumentExistsError):
        store.put_document(DocumentWrite("a/b", {"n": 2}, must_be_new=True))
    assert store.get_document("a/b") == {"n": 1}


# commit


def test_a_commit_changes_the_named_fields_and_no_other(store: Store) -> None:
    job_id = store.create_job(job_document(colour="blue"))
    store.commit(JobWrite(job_id, bare_change(status="processing", error=None), read(store, job_id).version))
    assert read(store, job_id).data == job_document(colour="blue", status="processing") | {"error": None}


def test_a_commit_writes_job_and_documents_together(store: Store) -> None:
    job_id = store.create_job(job_document())
    documents = [DocumentWrite(ACCOUNT, {"username": "nasa"}), DocumentWrite(f"{ACCOUNT}/videos/v1", {"title": "One"})]
    version = store.commit(JobWrite(job_id, bare_change(progress=50), read(store, job_id).version), documents)
    assert read(store, job_id).version == version
    assert store.get_document(ACCOUNT) == {"username": "nasa"}
    assert store.get_documents(f"{ACCOUNT}/videos") == {"v1": {"title": "One"}}


def test_a_write_without_a_precondition_joins_maps(store: Store) -> None:
    """So two fetches of one day leave one point, and each day and each video keeps its own."""
    path = f"{ACCOUNT}/videoHistory/2026-03"
    job_id = store.create_job(job_document())
    for written in (
        {"v": {"-a.b`c": {"01": [1, None]}, "7": {"01": [5]}}},
        {"v": {"-a.b`c": {"02": [2, 3]}}},
        {"v": {"-a.b`c": {"02": [9]}, "new": {"02": [4]}}},
    ):
        store.commit(
            JobWrite(job_id, bare_change(progress=1), read(store, job_id).version), [DocumentWrite(path, written)]
        )
    joined = {"-a.b`c": {"01": [1, None], "02": [9]}, "7": {"01": [5]}, "new": {"02": [4]}}
    assert store.get_each([path, f"{ACCOUNT}/videoHistory/2026-02"]) == {path: {"v": joined}}
    assert store.get_each([]) == {}
    version = read(store, job_id).version
    store.commit(JobWrite(job_id, bare_change(progress=2), version), [DocumentWrite(path, {"v": {"new": {}}})])
    assert store.get_document(path) == {"v": joined | {"new": {}}}


def test_a_write_with_a_precondition_replaces_maps(store: Store) -> None:
    job_id = store.create_job(job_document())
    new = DocumentWrite(ACCOUNT, {"growth": {"f1": 1, "since": "2026-03-01"}}, must_be_new=True)
    known = DocumentWrite(ACCOUNT, {"growth": {"f1": 2}}, must_exist=True)
    for write in (new, known):
        store.commit(JobWrite(job_id, bare_change(progress=1), read(store, job_id).version), [write])
    assert store.get_document(ACCOUNT) == {"growth": {"f1": 2}}


def test_a_document_is_merged_field_by_field(store: Store) -> None:
    job_id = store.create_job(job_document())
    version = read(store, job_id).version
    for fields in ({"addedBy": "first", "tags": ["a", "b"], "bio": "old"}, {"bio": None, "tags": ["c"]}):
        version = store.commit(JobWrite(job_id, bare_change(progress=1), version), [DocumentWrite(ACCOUNT, fields)])
    assert store.get_document(ACCOUNT) == {"addedBy": "first", "tags": ["c"], "bio": None}


@pytest.mark.parametrize("spoil", ["changed", "deleted", "another's version"])
def test_a_stale_commit_writes_nothing_at_all(store: Store, front_end: FrontEnd, spoil: str) -> None:
    another = store.create_job(job_document())
    job_id = store.create_job(job_document())
    version = read(store, job_id).version
    if spoil == "changed":
        front_end.write(job_id, colour="blue")
    elif spoil == "deleted":
        front_end.delete(job_id)
    else:
        version = read(store, another).version
    before = store.get_job(job_id)
    with pytest.raises(StaleVersionError):
        store.commit(
            JobWrite(job_id, bare_change(progress=50), version), [DocumentWrite(ACCOUNT, {"username": "nasa"})]
        )
    assert store.get_job(job_id) == before
    assert store.get_document(ACCOUNT) is None


def test_version_allows_one_commit_only(store: Store) -> None:
    job_id = store.create_job(job_document())
    version = read(store, job_id).version
    store.commit(JobWrite(job_id, bare_change(progress=30), version))
    with pytest.raises(StaleVersionError):
        store.commit(JobWrite(job_id, bare_change(progress=50), version))
    assert read(store, job_id).data["progress"] == 30


def test_commit_of_an_existing_must_be_new_document_is_refused(store: Store) -> None:
    """Nothing of a refused commit is written."""
    job_id = store.create_job(job_document())
    new = DocumentWrite(ACCOUNT, {"username": "nasa"}, must_be_new=True)
    version = store.commit(JobWrite(job_id, bare_change(progress=50), read(store, job_id).version), [new])
    with pytest.raises(DocumentExistsError):
        store.commit(
            JobWrite(job_id, bare_change(progress=70), version),
            [DocumentWrite(f"{ACCOUNT}/videos/v1", {}), DocumentWrite(ACCOUNT, {"username": "b"}, must_be_new=True)],
        )
    assert read(store, job_id).version == version
    assert store.get_document(ACCOUNT) == {"username": "nasa"}
    assert store.get_document(f"{ACCOUNT}/videos/v1") is None


def test_commit_with_both_preconditions_failed_writes_nothing(store: Store) -> None:
    """Either of the two errors may be raised."""
    job_id = store.create_job(job_document())
    first = read(store, job_id).version
    new = DocumentWrite(ACCOUNT, {"username": "nasa"}, must_be_new=True)
    store.commit(JobWrite(job_id, bare_change(progress=50), first), [new])
    before = store.get_job(job_id)
    with pytest.raises((StaleVersionError, DocumentExistsError)):
        store.commit(JobWrite(job_id, bare_change(progress=70), first), [new])
    assert store.get_job(job_id) == before


def test_five_hundred_writes_fit_one_commit(store: Store) -> None:
    job_id = store.create_job(job_document())
    documents = [DocumentWrite(f"{ACCOUNT}/videos/v{n}", {"title": str(n)}) for n in range(499)]
    store.commit(JobWrite(job_id, bare_change(progress=100), read(store, job_id).version), documents)
    assert len(store.get_documents(f"{ACCOUNT}/videos")) == 499


def test_parallel_commits_on_one_version_let_exactly_one_win(store: Store) -> None:
    job_id = store.create_job(job_document())
    version = read(store, job_id).version

    def commit(number: int) -> bool:
        try:
            store.commit(JobWrite(job_id, bare_change(winner=number), version))
        except StaleVersionError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(commit, range(8)))
    assert sum(won) == 1
    assert read(store, job_id).data["winner"] == won.index(True)


VALUES: list[Any] = [
    "",
    "x" * 2_000,  # longer than Firestore's limit for an indexed value
    "emoji 👩\u200d🚀, nul \x00, \u2028, \ufffe",
    0,
    -1,
    2**63 - 1,
    1.5,
    True,
    None,
    [],
    ["a", ""],
    START,
    START.replace(microsecond=999_999),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_value_is_read_back_as_it_was_written(store: Store, value: Any) -> None:
    job_id = store.create_job(job_document())
    store.commit(
        JobWrite(job_id, bare_change(progress=1), read(store, job_id).version), [DocumentWrite(ACCOUNT, {"v": value})]
    )
    assert store.get_document(ACCOUNT) == {"v": value}


def test_accounts_and_videos_are_read_back_as_they_were_written(store: Store) -> None:
    job_id = store.create_job(job_document())
    fields = video().to_document()
    store.commit(
        JobWrite(job_id, bare_change(progress=1), read(store, job_id).version),
        [DocumentWrite(ACCOUNT, account().to_document()), DocumentWrite(f"{ACCOUNT}/videos/v", fields)],
    )
    assert store.get_document(ACCOUNT) == account().to_document()
    assert store.get_document(f"{ACCOUNT}/videos/v") == fields


# write_each


def test_write_each_applies_writes_independently(store: Store, front_end: FrontEnd) -> None:
    ids = [store.create_job(job_document()) for _ in range(4)]
    snapshots = [read(store, job_id) for job_id in ids]
    front_end.write(ids[1], status="cancelled")
    front_end.delete(ids[2])
    versions = store.write_each([JobWrite(s.job_id, bare_change(status="processing"), s.version) for s in snapshots])
    assert [version is not None for version in versions] == [True, False, False, True]
    assert [versions[0], versions[3]] == [read(store, ids[0]).version, read(store, ids[3]).version]
    assert read(store, ids[1]).data["status"] == "cancelled"
    assert store.get_job(ids[2]) is None
    assert read(store, ids[3]).data == job_document(status="processing")


def test_no_writes_are_no_versions(store: Store) -> None:
    assert store.write_each([]) == []


def test_five_hundred_jobs_are_written_at_once(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store.create_job, [job_document()] * 500))
    pending = store.pending_jobs(500)
    versions = store.write_each([JobWrite(s.job_id, bare_change(status="processing"), s.version) for s in pending])
    assert None not in versions
    assert store.pending_jobs(500) == []


def test_more_than_one_request_takes_are_written_in_several(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store.create_job, [job_document()] * 501))
    pending = store.pending_jobs(600)
    stale = [JobWrite(s.job_id, bare_change(progress=1), "1970-01-01T00:00:00Z") for s in pending[:1]]
    fresh = [JobWrite(s.job_id, bare_change(status="processing"), s.version) for s in pending[1:]]
    versions = store.write_each([*fresh, *stale])
    assert [version is not None for version in versions] == [True] * 500 + [False]
    assert [s.job_id for s in store.pending_jobs(600)] == [pending[0].job_id]


# Refusals, by their reason

OVERSIZED = "x" * 1_048_000  # a document of 1,048,576 bytes has no room for another kilobyte


def test_a_job_that_cannot_be_written_refuses_only_itself(store: Store, front_end: FrontEnd) -> None:
    ids = [store.create_job(job_document()) for _ in range(3)]
    front_end.write(ids[1], filler=OVERSIZED)
    snapshots = [read(store, job_id) for job_id in ids]
    front_end.write(ids[2], status="cancelled")
    answers = store.write_each([JobWrite(s.job_id, bare_change(message="m" * 1_000), s.version) for s in snapshots])
    assert answers == [read(store, ids[0]).version, Unwritable("INVALID_ARGUMENT"), None]
    assert read(store, ids[1]) == snapshots[1]


def test_a_commit_that_cannot_be_written_writes_nothing(store: Store) -> None:
    job_id = store.create_job(job_document())
    before = read(store, job_id)
    good = DocumentWrite(ACCOUNT, {"n": 1})
    for path in (f"{ACCOUNT}/videos/..", f"{ACCOUNT}/videos/__x__", f"{ACCOUNT}/videos/{'x' * 1_501}"):
        with pytest.raises(WriteRefusedError):
            store.commit(
                JobWrite(job_id, bare_change(progress=50), before.version), [good, DocumentWrite(path, {"n": 1})]
            )
    large = DocumentWrite(f"{ACCOUNT}/videos/v", {"caption": OVERSIZED, "title": "x" * 1_000})
    with pytest.raises(WriteRefusedError):
        store.commit(JobWrite(job_id, bare_change(progress=50), before.version), [good, large])
    assert read(store, job_id) == before
    assert store.get_document(ACCOUNT) is None


def test_the_largest_document_that_we_make_is_taken(store: Store) -> None:
    job_id = store.create_job(job_document())
    fields = fitted(video(caption="🚀" * 300_000, title="é" * 600_000, hashtags=("x" * 900,) * 900).to_document())
    write = DocumentWrite(f"{ACCOUNT}/videos/{'v' * 1_500}", fields)
    store.commit(JobWrite(job_id, bare_change(progress=50), read(store, job_id).version), [write])
    assert store.get_document(write.path) == fields


def test_a_document_that_must_exist_is_changed_or_nothing_is(store: Store) -> None:
    job_id = store.create_job(job_document())
    version = read(store, job_id).version
    known = DocumentWrite(ACCOUNT, {"username": "nasa"}, must_exist=True)
    with pytest.raises(DocumentMissingError):
        store.commit(JobWrite(job_id, bare_change(progress=50), version), [known])
    assert read(store, job_id).version == version
    store.put_document(DocumentWrite(ACCOUNT, {"dateAdded": START}))
    store.commit(JobWrite(job_id, bare_change(progress=50), version), [known])
    assert store.get_document(ACCOUNT) == {"username": "nasa", "dateAdded": START}


def completing(store: Store, job_id: str, **account_fields: Any) -> CompletingWrite:
    account_id = ACCOUNT.rpartition("/")[2]
    saved = DocumentWrite(ACCOUNT, {"lastJobId": job_id} | account_fields)
    return CompletingWrite(
        job_id, jobs.complete(START, Sentence("Done."), account_id), read(store, job_id).version, (), saved
    )


def test_a_job_is_completed_together_with_its_account(store: Store) -> None:
    job_id = store.create_job(job_document())
    store.commit(completing(store, job_id, username="nasa"), [DocumentWrite(f"{ACCOUNT}/videos/v", {"n": 1})])
    done = read(store, job_id).data
    assert (done["status"], done["progress"], done["accountId"]) == ("completed", 100, ACCOUNT.rpartition("/")[2])
    assert store.get_document(ACCOUNT) == {"lastJobId": job_id, "username": "nasa"}
    assert store.get_document(f"{ACCOUNT}/videos/v") == {"n": 1}


def test_write_each_refuses_a_completing_write(store: Store) -> None:
    job_id = store.create_job(job_document())
    with pytest.raises(ValueError, match="a commit of its own"):
        store.write_each([completing(store, job_id)])
    assert read(store, job_id).data["status"] == "pending"


def failing(snapshot: JobSnapshot, *riders: DocumentWrite) -> EndingWrite:
    change = jobs.fail(Status.PENDING, START, Sentence("Why."), "ContractError")
    return EndingWrite(snapshot.job_id, change, snapshot.version, riders)


def rider_of(snapshot: JobSnapshot, **fields: Any) -> DocumentWrite:
    return DocumentWrite(f"events/{snapshot.job_id}", {"job": snapshot.job_id} | fields)


def test_an_ending_among_many_writes_takes_its_riders(store: Store, front_end: FrontEnd) -> None:
    """An ending is written with all its riders, or not at all.

    Not written: a stale ending, one whose job is gone, and one whose rider the database refuses.
    """
    fresh, stale, gone, refused, lone, claimed = [read(store, store.create_job(job_document())) for _ in range(6)]
    front_end.write(stale.job_id, colour="blue")
    front_end.delete(gone.job_id)
    answers = store.write_each(
        [
            failing(fresh, rider_of(fresh), DocumentWrite(f"mails/{fresh.job_id}", {"n": 1})),
            JobWrite(claimed.job_id, bare_change(status="processing"), claimed.version),
            failing(stale, rider_of(stale)),
            failing(gone, rider_of(gone)),
            failing(refused, rider_of(refused, filler=OVERSIZED, more="x" * 1_000)),
            failing(lone),
        ]
    )
    versions = [read(store, snapshot.job_id).version for snapshot in (fresh, claimed, lone)]
    assert answers == [*versions[:2], None, None, Unwritable("INVALID_ARGUMENT"), versions[2]]
    statuses = [read(store, s.job_id).data["status"] for s in (fresh, claimed, stale, refused, lone)]
    assert statuses == ["failed", "processing", "pending", "pending", "failed"]
    assert store.get_documents("events") == {fresh.job_id: {"job": fresh.job_id}}
    assert store.get_documents("mails") == {fresh.job_id: {"n": 1}}


def test_many_endings_are_written_each_with_its_riders(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store.create_job, [job_document()] * 100))
    pending = store.pending_jobs(100)
    answers = store.write_each([failing(snapshot, rider_of(snapshot)) for snapshot in pending])
    assert answers == [read(store, snapshot.job_id).version for snapshot in pending]
    assert store.get_documents("events").keys() == {snapshot.job_id for snapshot in pending}


def test_queries_of_many_jobs_read_our_fields_only(store: Store, front_end: FrontEnd) -> None:
    """Hundreds of whole documents of a megabyte each would not fit into a function's memory."""
    job_id = store.create_job(job_document(priority=1))
    front_end.write(job_id, filler="x" * 100_000)
    reads = [store.open_jobs(9), store.pending_jobs(9), store.pending_jobs(9, without=[PlatformName.TIKTOK])]
    reads += [store.pending_jobs(9, from_id=job_id), store.pending_of_org("org1", [PlatformName.INSTAGRAM], 9)]
    reads += [store.oldest_pending([PlatformName.INSTAGRAM], 9)]
    reads += [store.get_jobs([job_id]), store.list_jobs(JobFilter(), 9)]
    front_end.write(job_id, status="processing")
    reads += [store.processing_jobs(9)]
    front_end.write(job_id, status="failed")
    reads += [store.finished_jobs(9)]
    for (found,) in reads:
        assert found.data == job_document(priority=1) | {"status": found.data["status"]}
        assert found.created_at == read(store, job_id).created_at
    assert reads[-1][0].version == read(store, job_id).version
    assert store.delete_jobs(reads[-1]) == 1


def test_jobs_are_read_together_in_any_order(store: Store, front_end: FrontEnd) -> None:
    ids = [store.create_job(job_document()) for _ in range(3)]
    front_end.delete(ids[1])
    found = store.get_jobs([ids[2], ids[1], "never", ids[0]])
    assert {job.job_id: job for job in found} == {job_id: read(store, job_id) for job_id in (ids[0], ids[2])}
    assert store.get_jobs([]) == []


def test_job_created_again_has_a_new_created_at(store: Store, front_end: FrontEnd) -> None:
    job_id = store.create_job(job_document())
    first = read(store, job_id)
    front_end.delete(job_id)
    front_end.write(job_id, **job_document())
    again = read(store, job_id)
    assert again.data == first.data
    assert again.created_at > first.created_at
    front_end.write(job_id, colour="blue")
    assert read(store, job_id).created_at == again.created_at


# Lists


def test_ended_jobs_come_by_their_end_and_page_by_page(store: Store, front_end: FrontEnd) -> None:
    """Jobs that ended at the same moment come in the order of their ids."""
    ends = {"B": 2, "A": 2, "C": 1, "D": 3, "E": 0}
    for job_id, hour in ends.items():
        front_end.write(job_id, completedAt=START + timedelta(hours=hour), spent={"units": hour}, colour="blue")
    front_end.write("never", status="failed")
    front_end.write("retried", status="pending", completedAt=None)
    front_end.write("odd", status="failed", completedAt="yesterday")
    begin = START + timedelta(hours=1)
    assert [job.job_id for job in store.jobs_ended_since(begin, 10)] == ["C", "A", "B", "D"]
    pages, last = [], None
    for _ in range(3):
        page = store.jobs_ended_since(begin, 2, last)
        pages.append([job.job_id for job in page])
        last = page[-1] if page else last
    assert pages == [["C", "A"], ["B", "D"], []]
    (first, *_) = store.jobs_ended_since(begin, 1)
    assert first.data == {"completedAt": begin, "spent": {"units": 1}}


def test_jobs_are_listed_newest_first_by_what_is_asked_for(store: Store, front_end: FrontEnd) -> None:
    rows = [
        # org, project, status, minutes after the start
        ("o1", "p1", "pending", 3),
        ("o1", "p1", "failed", 1),
        ("o1", "p2", "failed", 2),
        ("o2", "p1", "failed", 4),
    ]
    for org, project, status, minutes in rows:
        store.create_job(
            job_document(orgId=org, projectId=project, status=status, createdAt=START + timedelta(minutes=minutes))
        )
    front_end.write("undated", orgId="o1", projectId="p1", status="failed")  # not listed: no time to sort by

    def listed(limit: int = 10, **where: Any) -> list[int]:
        jobs = store.list_jobs(JobFilter(**where), limit)
        return [int((job.data["createdAt"] - START).total_seconds() / 60) for job in jobs]

    assert listed() == [4, 3, 2, 1]
    assert listed(limit=2) == [4, 3]
    assert listed(org_id="o1") == [3, 2, 1]
    assert listed(org_id="o1", project_id="p1") == [3, 1]
    assert listed(org_id="o1", status=Status.FAILED) == [2, 1]
    assert listed(project_id="p1") == [4, 3, 1]
    assert listed(project_id="p1", status=Status.FAILED) == [4, 1]
    assert listed(status=Status.FAILED) == [4, 2, 1]
    assert listed(org_id="o1", project_id="p1", status=Status.FAILED) == [1]
    assert listed(org_id="o3") == []


def test_finished_jobs_are_all_of_them_whatever_they_hold(store: Store, front_end: FrontEnd) -> None:
    for status in (*Status, "FAILED"):
        front_end.write(f"job-{status}", **job_document(status=str(status)))
    front_end.write("undated", status="failed")
    front_end.write("odd", status="cancelled", createdAt="2020", completedAt="2020", username=7)
    front_end.write("nothing", status="completed", createdAt=None)
    front_end.write("late", status="failed", createdAt=datetime(2200, 1, 1, tzinfo=UTC))
    front_end.write("no-status", createdAt=START)
    found = store.finished_jobs(20)
    ids = ["job-cancelled", "job-completed", "job-failed", "late", "nothing", "odd", "undated"]
    assert [job.job_id for job in found] == ids
    assert found == [read(store, job_id) for job_id in ids]


def test_finished_jobs_come_in_pages_in_the_order_of_ids(store: Store, front_end: FrontEnd) -> None:
    # Ids in the order of UTF-8, which is also the order of code points.
    ids = ["-", "0", "Z", "a", "ab", "z", "~", "é", "\ufb00", "\U0001d11e"]
    for number, job_id in enumerate(reversed(ids)):
        front_end.write(job_id, status=("completed", "failed", "cancelled")[number % 3], createdAt=number)

    def page(limit: int, from_id: str = "") -> list[str]:
        return [job.job_id for job in store.finished_jobs(limit, from_id)]

    assert page(20) == ids
    assert page(3) == ids[:3]
    assert page(20, "ab") == ids[4:]  # the page includes this id
    assert page(2, "ab") == ["ab", "z"]
    assert page(2, "b") == ["z", "~"]  # no job has this id
    assert page(20, "\U0001d11e") == ["\U0001d11e"]
    assert page(20, "\U0001d11f") == []


def test_only_unchanged_jobs_are_deleted(store: Store, front_end: FrontEnd) -> None:
    ids = [store.create_job(job_document(status="failed")) for _ in range(3)]
    snapshots = [read(store, job_id) for job_id in ids]
    front_end.write(ids[1], status="pending")  # retried meanwhile
    assert store.delete_jobs(snapshots) == 2
    assert [store.get_job(job_id) is None for job_id in ids] == [True, False, True]
    assert store.delete_jobs([]) == 0


def test_a_job_is_deleted_once(store: Store) -> None:
    snapshot = read(store, store.create_job(job_document(status="failed")))
    assert store.delete_jobs([snapshot]) == 1
    assert store.delete_jobs([snapshot]) == 0


def test_documents_of_a_collection_exclude_subcollections(store: Store) -> None:
    job_id = store.create_job(job_document())
    store.commit(
        JobWrite(job_id, bare_change(progress=1), read(store, job_id).version),
        [
            DocumentWrite(f"{ACCOUNTS}/a", {"n": 1}),
            DocumentWrite(f"{ACCOUNTS}/a/videos/v", {"n": 2}),
            DocumentWrite("organizations/o/projects/other/trackedAccounts/b", {"n": 3}),
        ],
    )
    assert store.get_documents(ACCOUNTS) == {"a": {"n": 1}}
    assert store.get_documents(f"{ACCOUNTS}/a/videos") == {"v": {"n": 2}}
    assert store.get_documents("organizations/none/projects") == {}
    assert store.get_document(f"{ACCOUNTS}/none") is None


# Documents beside jobs


def test_newest_documents_come_by_a_field_and_no_more(store: Store) -> None:
    dates = {"a": START, "b": START + timedelta(days=2), "c": None, "d": START + timedelta(days=1)}
    for name, date in dates.items():
        store.put_document(DocumentWrite(f"{ACCOUNT}/videos/{name}", {"publishedAt": date, "title": name}))
    store.put_document(DocumentWrite(f"{ACCOUNT}/videos/e", {"title": "undated"}))
    store.put_document(DocumentWrite(f"{ACCOUNTS}/other/videos/f", {"publishedAt": START, "title": "elsewhere"}))
    assert list(store.get_newest(f"{ACCOUNT}/videos", "publishedAt", 2)) == ["b", "d"]
    found = store.get_newest(f"{ACCOUNT}/videos", "publishedAt", 10)
    assert list(found) == ["b", "d", "a", "c"]
    assert found["b"] == {"publishedAt": dates["b"], "title": "b"}


def test_documents_that_exist_are_updated_each_by_itself(store: Store) -> None:
    for name in ("a", "c"):
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"bio": name, "avatar": {"old": 1}}))
    writes = [DocumentWrite(f"{ACCOUNTS}/{name}", {"avatar": {"url": name}}) for name in ("a", "b", "c")]
    assert store.update_each(writes) == [True, False, True]
    assert store.get_documents(ACCOUNTS) == {name: {"bio": name, "avatar": {"url": name}} for name in ("a", "c")}
    assert store.update_each([]) == []


def test_refused_update_leaves_the_others(store: Store) -> None:
    for name in ("a", "b", "c"):
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"bio": name}))
    avatars = {"a": "a", "b": "x" * MAX_DOCUMENT_BYTES, "c": "c"}
    writes = [DocumentWrite(f"{ACCOUNTS}/{name}", {"avatar": avatar}) for name, avatar in avatars.items()]
    assert store.update_each(writes) == [True, False, True]
    assert store.get_document(f"{ACCOUNTS}/b") == {"bio": "b"}


# Refreshes


def test_jobs_are_created_by_their_ids_once(store: Store) -> None:
    created = store.create_jobs({"a-1": job_document(), "b-1": job_document(username="b")})
    first = created["a-1"]
    assert first is not None
    assert (first.version, first.created_at) == (read(store, "a-1").version, read(store, "a-1").created_at)
    assert first.data == read(store, "a-1").data
    again = store.create_jobs({"a-1": job_document(username="other"), "c-1": job_document()})
    assert again["a-1"] is None
    assert again["c-1"] is not None
    assert read(store, "a-1").data == job_document()
    assert store.create_jobs({}) == {}


def test_due_accounts_come_from_every_project_the_earliest_first(store: Store) -> None:
    def add(org: str, name: str, **fields: Any) -> str:
        path = f"organizations/{org}/projects/p/trackedAccounts/{name}"
        store.put_document(DocumentWrite(path, {"platform": "youtube"} | fields))
        return path

    second = add("o1", "youtube_1", nextRefreshAt=START - timedelta(minutes=1))
    first = add("o2", "youtube_2", nextRefreshAt=START - timedelta(days=1), username="nasa")
    last = add("o1", "instagram_3", nextRefreshAt=START, platform="instagram")
    add("o1", "youtube_4", nextRefreshAt=START + timedelta(microseconds=1))
    add("o1", "youtube_5", nextRefreshAt=None)
    add("o1", "youtube_6")
    add("o1", "youtube_7", nextRefreshAt="2026-01-01")
    everyone = list(PlatformName)
    assert [one.path for one in store.due_accounts(START, everyone, 10)] == [first, second, last]
    assert store.due_accounts(START, everyone, 1)[0].fields["username"] == "nasa"
    assert [one.path for one in store.due_accounts(START, [PlatformName.INSTAGRAM], 10)] == [last]
    assert store.due_accounts(START, [], 10) == []
    since = START - timedelta(minutes=1)
    assert [one.path for one in store.due_accounts(START, everyone, 10, since=since)] == [second, last]
    assert store.count_due(START, everyone) == 3
    assert store.count_due(START + timedelta(hours=1), [PlatformName.YOUTUBE]) == 3
    assert store.count_due(START, []) == 0


def test_stored_documents_come_together_with_their_versions(store: Store) -> None:
    version = store.put_document(DocumentWrite("trackingControl/a", {"n": 1}))
    store.put_document(DocumentWrite("trackingControl/b", {"n": 2}))
    found = store.get_stored_each(["trackingControl/a", "trackingControl/b", "trackingControl/c"])
    assert {path: one.fields for path, one in found.items()} == {
        "trackingControl/a": {"n": 1},
        "trackingControl/b": {"n": 2},
    }
    assert found["trackingControl/a"].version == version
    store.put_document(DocumentWrite("trackingControl/a", {"n": 3}, version=found["trackingControl/a"].version))
    assert store.get_stored_each([]) == {}


def test_a_put_with_a_version_replaces_maps_of_any_key(store: Store) -> None:
    version = store.put_document(DocumentWrite("trackingControl/a", {"orgs": {"a.b": 1, "`c`": 2}}, must_be_new=True))
    store.put_document(DocumentWrite("trackingControl/a", {"orgs": {"d e/f": 3}}, version=version))
    assert store.get_document("trackingControl/a") == {"orgs": {"d e/f": 3}}


# Documents that are due, of all accounts


def test_due_documents_come_from_all_collections_of_a_name(store: Store) -> None:
    """Earliest first, page by page; documents with an equal time come by their paths."""
    due = {
        f"{ACCOUNTS}/b/videoHistory/1": START,
        f"{ACCOUNTS}/a-/videoHistory/2": START,
        f"{ACCOUNTS}/a/videoHistory/1": START - timedelta(days=1),
        "organizations/a/videoHistory/1": START,
        f"{ACCOUNTS}/a/videoHistory/2": START,
    }
    others = {"null": None, "text": "2020-01-01", "later": START + timedelta(microseconds=1)}
    for path, moment in (due | {f"{ACCOUNTS}/a/videoHistory/{name}": value for name, value in others.items()}).items():
        store.put_document(DocumentWrite(path, {"dueAt": moment, "name": path}))
    store.put_document(DocumentWrite(f"{ACCOUNTS}/a/videoHistory/none", {"name": "without the field"}))
    store.put_document(DocumentWrite(f"{ACCOUNTS}/a/otherHistory/1", {"dueAt": START}))
    expected = [
        f"{ACCOUNTS}/a/videoHistory/1",
        "organizations/a/videoHistory/1",
        f"{ACCOUNTS}/a/videoHistory/2",
        f"{ACCOUNTS}/a-/videoHistory/2",
        f"{ACCOUNTS}/b/videoHistory/1",
    ]
    found = store.due_documents("videoHistory", "dueAt", START, 10)
    assert list(found) == expected
    assert found[expected[2]] == store.get_stored(expected[2])
    walked = [path for path, _ in walks.due_documents(store, "videoHistory", "dueAt", START, 2)]
    assert walked == expected
    assert store.due_documents("videoHistory", "dueAt", START - timedelta(days=2), 10) == {}


def stored_version(store: Store, path: str) -> str:
    found = store.get_stored(path)
    assert found is not None
    return found.version


def test_documents_are_written_and_deleted_together(store: Store) -> None:
    for name in ("a", "b"):
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"v": {"x": 1, "y": 2}, "n": name}))
    versions = {name: stored_version(store, f"{ACCOUNTS}/{name}") for name in ("a", "b")}
    writes = [
        DocumentWrite(f"{ACCOUNTS}/a", {"v": {"x": 3}}, version=versions["a"]),
        DocumentWrite(f"{ACCOUNTS}/c", {"n": "c"}, must_be_new=True),
    ]
    store.change_together(writes, {f"{ACCOUNTS}/b": versions["b"]})
    assert store.get_documents(ACCOUNTS) == {"a": {"v": {"x": 3}, "n": "a"}, "c": {"n": "c"}}


@pytest.mark.parametrize("spoil", ["changed", "deleted", "written is stale", "written is gone", "exists", "too large"])
def test_a_change_together_is_made_completely_or_not_at_all(store: Store, spoil: str) -> None:
    for name in ("a", "b"):
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"n": 1}))
    versions = {name: stored_version(store, f"{ACCOUNTS}/{name}") for name in ("a", "b")}
    content: dict[str, Any] = {"n": 2}
    if spoil in {"changed", "written is stale"}:
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{'b' if spoil == 'changed' else 'a'}", {"n": 7}))
    elif spoil in {"deleted", "written is gone"}:
        gone = "b" if spoil == "deleted" else "a"
        store.change_together([], {f"{ACCOUNTS}/{gone}": versions[gone]})
    elif spoil == "exists":
        store.put_document(DocumentWrite(f"{ACCOUNTS}/c", {"n": 7}))
    else:
        content = {"n": "x" * MAX_DOCUMENT_BYTES}
    before = store.get_documents(ACCOUNTS)
    writes = [
        DocumentWrite(f"{ACCOUNTS}/a", content, version=versions["a"]),
        DocumentWrite(f"{ACCOUNTS}/c", {"n": 2}, must_be_new=True),
    ]
    errors = {"exists": DocumentExistsError, "too large": WriteRefusedError}
    with pytest.raises(errors.get(spoil, StaleVersionError)):
        store.change_together(writes, {f"{ACCOUNTS}/b": versions["b"]})
    assert store.get_documents(ACCOUNTS) == before


# Documents of a collection


def test_documents_in_a_collection_and_their_versions(store: Store) -> None:
    paths = [f"{ACCOUNTS}/a/videos/{name}" for name in ("1", "2", "3")]
    for path in [*paths, f"{ACCOUNTS}/a/videos/1/below/x", f"{ACCOUNTS}/b/videos/1", f"{ACCOUNTS}/a"]:
        store.put_document(DocumentWrite(path, {"n": path}))
    assert store.documents_in(f"{ACCOUNTS}/a/videos", 10) == {path: stored_version(store, path) for path in paths}
    assert list(store.documents_in(f"{ACCOUNTS}/a/videos", 2)) == paths[:2]
    assert store.documents_in(f"{ACCOUNTS}/c/videos", 2) == {}


def test_each_document_is_deleted_as_it_was_read(store: Store) -> None:
    for name in ("same", "changed", "gone"):
        store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"n": 1}))
    read = store.documents_in(ACCOUNTS, 10)
    store.put_document(DocumentWrite(f"{ACCOUNTS}/changed", {"n": 2}))
    store.change_together([], {f"{ACCOUNTS}/gone": read[f"{ACCOUNTS}/gone"]})
    assert store.delete_each(read) == 1
    assert list(store.get_documents(ACCOUNTS)) == ["changed"]
    assert store.delete_each({}) == 0


def test_events_are_listed_newest_first(store: Store) -> None:
    """Events of the same moment come in a fixed order: the largest id first."""
    for number, (org, project, minutes) in enumerate(
        [("org1", "a", 0), ("org1", "b", 2), ("org2", "a", 3), ("org1", "a", 1), ("org1", "a", 1)]
    ):
        occurred_at = START + timedelta(minutes=minutes)
        event = {"orgId": org, "projectId": project, "occurredAt": occurred_at, "payload": "{}"}
        store.put_document(DocumentWrite(f"outbox/event{number}", {"event": event, "dueAt": occurred_at}))
    assert list(store.list_events("org1", None, 9)) == ["event1", "event4", "event3", "event0"]
    assert list(store.list_events("org1", "a", 2)) == ["event4", "event3"]
    assert store.list_events("org3", None, 9) == {}
    assert store.list_events("org2", "a", 1)["event2"]["dueAt"] == START + timedelta(minutes=3)


def test_documents_are_found_by_one_of_several_values(store: Store) -> None:
    """By a field or by an entry of a map, in the order of their ids, of one collection alone."""
    for user, role in {"c": "owner", "a": "admin", "b": "viewer", "d": "owner"}.items():
        store.put_document(DocumentWrite(f"organizations/o/members/{user}", {"role": role}))
    store.put_document(DocumentWrite("organizations/other/members/e", {"role": "owner"}))
    found = store.documents_with("organizations/o/members", "role", ["owner", "admin"], 2)
    assert {path: stored.fields["role"] for path, stored in found.items()} == {
        "organizations/o/members/a": "admin",
        "organizations/o/members/c": "owner",
    }
    assert list(found) == sorted(found)
    after = store.documents_with("organizations/o/members", "role", ["owner", "admin"], 2, list(found)[-1])
    assert list(after) == ["organizations/o/members/d"]
    for mail, state in {"m1": "RETRY", "m2": "SUCCESS"}.items():
        store.put_document(DocumentWrite(f"mail/{mail}", {"delivery": {"state": state}}))
    store.put_document(DocumentWrite("mail/m3", {"to": ["a@b.example"]}))
    assert list(store.documents_with("mail", "delivery.state", ["PROCESSING", "RETRY"], 9)) == ["mail/m1"]
    store.put_document(DocumentWrite("organizations/o/notificationSettings/u", {"alerts": True}))
    store.put_document(DocumentWrite("organizations/o/notificationSettings/v", {"alerts": False}))
    wanting = store.documents_with("organizations/o/notificationSettings", "alerts", [True], 9)
    assert list(wanting) == ["organizations/o/notificationSettings/u"]


def test_an_open_job_is_one_that_waits_or_runs(store: Store) -> None:
    for fields in ({"status": "completed"}, {"userId": "other"}, {"orgId": "other"}, {"status": "cancelled"}):
        store.create_job(job_document(orgId="o", userId="u") | fields)
    assert not store.has_open_job("o", "u")
    store.create_job(job_document(orgId="o", userId="u", status="processing"))
    assert store.has_open_job("o", "u")
    assert not store.has_open_job("o", "nobody")


def test_a_due_window_is_found_in_any_organisation(store: Store) -> None:
    for org, minutes in {"a": 2, "b": 1, "c": 3}.items():
        due_at = START + timedelta(minutes=minutes)
        store.put_document(DocumentWrite(f"organizations/{org}/mailWindows/u", {"dueAt": due_at}))
    store.put_document(DocumentWrite("organizations/d/mailWindows/u", {"dueAt": None}))
    due = store.due_documents("mailWindows", "dueAt", START + timedelta(minutes=2), 9)
    assert list(due) == ["organizations/b/mailWindows/u", "organizations/a/mailWindows/u"]


def test_due_documents_are_found_by_an_entry_of_a_map(store: Store) -> None:
    for name, minutes in {"a": 2, "b": 1, "c": 3}.items():
        store.put_document(DocumentWrite(f"mail/{name}", {"delivery": {"dueAt": START + timedelta(minutes=minutes)}}))
    store.put_document(DocumentWrite("mail/d", {"delivery": {"dueAt": None}}))
    store.put_document(DocumentWrite("mail/e", {"to": ["a@b.example"]}))
    end = START + timedelta(minutes=2)
    assert list(store.due_documents("mail", "delivery.dueAt", end, 1)) == ["mail/b"]
    after = START + timedelta(minutes=1), "mail/b"
    assert list(store.due_documents("mail", "delivery.dueAt", end, 9, after)) == ["mail/a"]


# The outbox and webhooks


def test_due_events_come_earliest_first_and_limited(store: Store) -> None:
    due = {"late": START, "early": START - timedelta(minutes=1), "later": START + timedelta(seconds=1)}
    others: dict[str, Any] = {"handed on": None, "text": "2020-01-01T00:00:00Z"}
    for name, at in (due | others).items():
        store.put_document(DocumentWrite(f"outbox/{name}", {"dueAt": at, "event": {"type": name}}))
    store.put_document(DocumentWrite("outbox/without", {"event": {}}))
    store.put_document(DocumentWrite("others/1/outbox/elsewhere", {"dueAt": START}))
    found = store.due_events(START, 10)
    assert list(found) == ["outbox/early", "outbox/late"]
    assert found["outbox/early"] == store.get_stored("outbox/early")
    assert list(store.due_events(START, 1)) == ["outbox/early"]


def test_documents_in_a_collection_come_with_their_fields(store: Store) -> None:
    paths = [f"organizations/o/webhookEndpoints/{name}" for name in ("b", "a", "c")]
    for path in [*paths, "organizations/o/webhookEndpoints/a/deliveries/x", "organizations/p/webhookEndpoints/d"]:
        store.put_document(DocumentWrite(path, {"url": path}))
    found = store.stored_in("organizations/o/webhookEndpoints", 10)
    assert list(found) == sorted(paths)
    assert all(stored == store.get_stored(path) for path, stored in found.items())
    assert list(store.stored_in("organizations/o/webhookEndpoints", 2)) == sorted(paths)[:2]
    assert store.stored_in("organizations/q/webhookEndpoints", 2) == {}


def test_each_put_holds_its_own_precondition(store: Store) -> None:
    old = {name: store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"n": 1, "m": {"x": 1}})) for name in "abcd"}
    store.put_document(DocumentWrite(f"{ACCOUNTS}/b", {"n": 2}))
    store.delete_each({f"{ACCOUNTS}/c": old["c"]})
    writes = [
        DocumentWrite(f"{ACCOUNTS}/a", {"m": {"y": 2}}, version=old["a"]),
        DocumentWrite(f"{ACCOUNTS}/b", {"n": 9}, version=old["b"]),
        DocumentWrite(f"{ACCOUNTS}/c", {"n": 9}, version=old["c"]),
        DocumentWrite(f"{ACCOUNTS}/d", {"n": 9}, must_be_new=True),
        DocumentWrite(f"{ACCOUNTS}/e", {"n": 9}, must_be_new=True),
    ]
    answers = store.put_each(writes)
    assert answers[1:4] == [None, None, None]
    assert [answers[0], answers[4]] == [stored_version(store, f"{ACCOUNTS}/{name}") for name in "ae"]
    assert store.get_document(f"{ACCOUNTS}/a") == {"n": 1, "m": {"y": 2}}
    assert store.get_document(f"{ACCOUNTS}/d") == {"n": 1, "m": {"x": 1}}
    assert store.put_each([]) == []


def test_a_refused_put_leaves_the_others(store: Store) -> None:
    versions = {name: store.put_document(DocumentWrite(f"{ACCOUNTS}/{name}", {"bio": name})) for name in "abc"}
    bios = {"a": "x", "b": "x" * MAX_DOCUMENT_BYTES, "c": "x"}
    writes = [DocumentWrite(f"{ACCOUNTS}/{name}", {"bio": bio}, version=versions[name]) for name, bio in bios.items()]
    answers = store.put_each(writes)
    assert [isinstance(answer, str) for answer in answers] == [True, False, True]
    assert answers[1] == Unwritable("INVALID_ARGUMENT")


def test_a_put_without_a_precondition_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="must be new or name a version"):
        store.put_each([DocumentWrite(f"{ACCOUNTS}/a", {"n": 1})])


def test_deliveries_of_some_states_are_listed_newest_first(store: Store) -> None:
    """The range's begin is included; of the same moment, the largest id comes first."""
    endpoint = "organizations/org1/webhookEndpoints/e"
    for number, (state, minutes) in enumerate(
        [("failed", 0), ("failed", 1), ("skipped", 1), ("pending", 1), ("failed", 2), ("skipped", 3)]
    ):
        fields = {"state": state, "createdAt": START + timedelta(minutes=minutes)}
        store.put_document(DocumentWrite(f"{endpoint}/deliveries/d{number}", fields))
    store.put_document(DocumentWrite(f"{endpoint}/deliveries/odd", {"state": "failed", "createdAt": "today"}))
    store.put_document(DocumentWrite(f"{endpoint}2/deliveries/d9", {"state": "failed", "createdAt": START}))
    since, states = START + timedelta(minutes=1), ["failed", "skipped"]
    assert list(store.list_deliveries(endpoint, states, since, 9)) == ["d5", "d4", "d2", "d1"]
    assert list(store.list_deliveries(endpoint, states, since, 3)) == ["d5", "d4", "d2"]
    assert list(store.list_deliveries(endpoint, states, since, 9, (since, "d2"))) == ["d1"]
    assert store.list_deliveries(endpoint, ["pending"], since, 9)["d3"]["state"] == "pending"
    assert store.list_deliveries(f"{endpoint}3", ["failed"], since, 9) == {}


def test_mails_of_an_organisation_are_listed_newest_first(store: Store) -> None:
    for number, (org, days) in enumerate([("org1", 1), ("org1", 3), ("org2", 4), ("org1", 2)]):
        fields = {"orgId": org, "expireAt": START + timedelta(days=days), "to": ["a@b.test"]}
        store.put_document(DocumentWrite(f"mail/m{number}", fields))
    store.put_document(DocumentWrite("mail/odd", {"orgId": "org1"}))
    assert list(store.list_mail("org1", 9)) == ["m1", "m3", "m0"]
    assert list(store.list_mail("org1", 1)) == ["m1"]
    assert store.list_mail("org2", 1)["m2"]["to"] == ["a@b.test"]
    assert store.list_mail("org3", 9) == {}
