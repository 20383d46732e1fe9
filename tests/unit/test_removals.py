"""Removed accounts: the cleanup deletes what lies below them, and nothing of an account that is tracked."""

from __future__ import annotations

from typing import Any

import pytest

from bench.lambda_context import FakeContext
from cleanup.app import RESERVE_MS, handler
from cleanup.removals import BELOW
from tests.factories import videos
from tests.harness import Harness
from tests.past_days import ACCOUNT, track
from tracking.adoption import ADOPTED
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.wiring import CleanupDeps

MARKER = ACCOUNT.replace("trackedAccounts", "removedAccounts")


@pytest.fixture(autouse=True)
def adopted(harness: Harness) -> None:
    harness.memory.put_document(ADOPTED)


def clean_up(harness: Harness, remaining_s: float = 300) -> bool:
    """Run the daily cleanup a day later, and return whether it came to its end."""
    harness.clock.advance(24 * 3_600)
    deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits)
    return bool(handler({}, FakeContext(remaining_s), deps)["isDone"])  # type: ignore[arg-type]


def remove(harness: Harness) -> None:
    """Do what the page does: see web/src/removeAccount.ts."""
    stored = harness.store.get_stored(ACCOUNT)
    assert stored is not None
    marker = DocumentWrite(MARKER, {"removedAt": harness.clock.now(), "removedBy": "user1"})
    harness.store.change_together([marker], {ACCOUNT: stored.version})


def use(harness: Harness, store: MemoryStore) -> None:
    harness.use(store)
    store.put_document(ADOPTED)


def below(harness: Harness) -> dict[str, int]:
    return {name: len(harness.store.get_documents(f"{ACCOUNT}/{name}")) for name in BELOW}


def paths(harness: Harness) -> list[str]:
    return sorted(harness.memory._documents)


def test_everything_below_a_removed_account_goes(harness: Harness) -> None:
    before = paths(harness)
    track(harness, served=videos(700))
    assert below(harness) == {"videos": 700, "accountHistory": 1, "videoHistory": 2, "videoIndex": 2}
    remove(harness)
    assert clean_up(harness)
    (job,) = (path for path in paths(harness) if path.startswith("trackingJobs/"))
    assert [path for path in paths(harness) if path not in before] == [job]


def test_below_are_all_collections_that_a_job_writes(harness: Harness) -> None:
    track(harness, served=videos(2))
    deeper = {path.removeprefix(f"{ACCOUNT}/").split("/")[0] for path in paths(harness) if f"{ACCOUNT}/" in path}
    assert deeper == set(BELOW)


def test_other_accounts_stay(harness: Harness) -> None:
    track(harness, served=videos(2))
    other = f"{ACCOUNT}0"
    for path in (other, f"{other}/videos/1"):
        harness.memory.put_document(DocumentWrite(path, {"n": 1}))
    remove(harness)
    assert clean_up(harness)
    assert {other, f"{other}/videos/1"} <= set(paths(harness))


def test_an_account_that_is_tracked_again_keeps_everything(harness: Harness) -> None:
    track(harness, served=videos(3))
    remove(harness)
    track(harness, served=videos(3))
    before = below(harness)
    assert clean_up(harness)
    assert below(harness) == before
    assert harness.store.get_document(MARKER) is None
    assert harness.store.get_document(ACCOUNT) is not None


def test_an_account_tracked_meanwhile_loses_no_new_video(harness: Harness) -> None:
    """Its job saves between the cleanup's look at the documents and its look at the account."""

    class TrackedMeanwhile(MemoryStore):
        is_first = True

        def documents_in(self, collection: str, limit: int) -> dict[str, str]:
            found = super().documents_in(collection, limit)
            if self.is_first:
                self.is_first = False
                track(harness, served=videos(4))
            return found

    use(harness, TrackedMeanwhile(harness.clock))
    track(harness, served=videos(3))
    remove(harness)
    assert clean_up(harness)
    assert below(harness) == {"videos": 4, "accountHistory": 1, "videoHistory": 1, "videoIndex": 1}


def test_a_video_that_changed_meanwhile_stays_for_the_next_look(harness: Harness) -> None:
    """A refresh that ran when the account was removed may write its chunks until it notices."""

    class Written(MemoryStore):
        is_first = True

        def delete_each(self, documents: Any) -> int:
            if documents and self.is_first:
                self.is_first = False
                self.put_document(DocumentWrite(next(iter(documents)), {"viewCount": 7}))
            return super().delete_each(documents)

    use(harness, Written(harness.clock))
    track(harness, served=videos(3))
    remove(harness)
    assert clean_up(harness)
    assert set(below(harness).values()) == {0}


def test_a_run_without_time_goes_on_the_next_day(harness: Harness) -> None:
    track(harness, served=videos(25))
    remove(harness)
    assert not clean_up(harness, RESERVE_MS / 1_000 - 1)
    assert below(harness)["videos"] == 25
    assert harness.store.get_document(MARKER) is not None
    assert clean_up(harness)
    assert set(below(harness).values()) == {0}


def test_an_account_removed_twice_meanwhile_is_looked_at_again(harness: Harness) -> None:
    class RemovedAgain(MemoryStore):
        def change_together(self, writes: Any, deleted: Any) -> None:
            if MARKER in deleted:
                self.put_document(DocumentWrite(MARKER, {"removedBy": "user2"}))
            super().change_together(writes, deleted)

    use(harness, RemovedAgain(harness.clock))
    track(harness, served=videos(3))
    remove(harness)
    assert clean_up(harness)
    assert harness.store.get_document(MARKER) is not None


@pytest.mark.parametrize(
    "path",
    [
        "removedAccounts/a",
        "teams/t/removedAccounts/a",
        "organizations/o/removedAccounts/a",
        "organizations/o/projects/p/removedAccounts/a/removedAccounts/b",
    ],
)
def test_a_document_of_another_system_stays(harness: Harness, path: str) -> None:
    harness.memory.put_document(DocumentWrite(path, {"removedAt": harness.clock.now()}))
    assert clean_up(harness)
    assert harness.store.get_document(path) is not None


def test_a_job_that_runs_at_the_removal_loses_no_video(harness: Harness) -> None:
    """It writes the account only at its end. A refresh would never write it, and leave its videos for ever."""

    class RemovedMeanwhile(MemoryStore):
        is_first = True

        def commit(self, job: Any, documents: Any = ()) -> str:
            version = super().commit(job, documents)
            if self.is_first and any("/videos/" in write.path for write in documents):
                self.is_first = False
                remove(harness)
                deps = CleanupDeps(harness.store, harness.clock, 7, harness.limits)
                handler({}, FakeContext(300), deps)  # type: ignore[arg-type]
            return version

    use(harness, RemovedMeanwhile(harness.clock))
    track(harness, served=videos(700))
    assert below(harness)["videos"] == 700
    assert clean_up(harness)
    assert below(harness)["videos"] == 700
    assert harness.store.get_document(MARKER) is None
