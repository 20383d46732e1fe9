"""Splitting of videos into commits, and limits on the sizes of commits, staged data and states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from process.saving import BYTES_PER_COMMIT, INDEXED_BYTES_PER_COMMIT, Room, in_commits
from tests.doubles import START
from tests.factories import account, job_document, video, videos
from tests.harness import CHAIN, Harness
from tracking import endings
from tracking.document_limits import message_bytes
from tracking.jobs import LARGEST_ATTEMPT
from tracking.platforms import FetchedVideos
from tracking.store import MAX_BYTES_PER_COMMIT, MAX_WRITES_PER_COMMIT, DocumentWrite, JobWrite
from tracking.store.memory import MemoryStore

MAX_STATE_BYTES = 16_000
VIDEOS = "organizations/org1/projects/project1/trackedAccounts/instagram_528817151/videos"


class RecordingStore(MemoryStore):
    """A store that records each commit: the number of writes, and the bytes of all documents but the job's."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness.clock)
        self.commits: list[tuple[int, int]] = []

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        every = [*job.companions, *documents]
        self.commits.append((1 + len(every), sum(message_bytes(document.path, document.fields) for document in every)))
        return super().commit(job, documents)


@pytest.fixture
def recorded(harness: Harness) -> RecordingStore:
    return RecordingStore(harness)


def saved_in_commits(recorded: RecordingStore, **harness: Any) -> list[tuple[int, int]]:
    """Run a whole job, and return the commits of SaveVideos."""
    whole = Harness(store=recorded, **harness)
    state = whole.run_chain(whole.claimed_job(), until="FetchVideos")
    recorded.commits.clear()
    whole.run_state("SaveVideos", state)
    return recorded.commits


@pytest.mark.parametrize(
    ("count", "commits"),
    [
        # 500 writes in a commit: the job, the account, its point, and for each 500 videos their points and their index
        (0, 1),
        (1, 1),
        (495, 1),
        (496, 2),
        (500, 2),
        (990, 2),
        (991, 3),
        (5_000, 11),  # 5,000 videos and 20 documents of their points: 10 x 497 + 50
    ],
)
def test_videos_are_saved_in_as_few_commits_as_allowed(recorded: RecordingStore, count: int, commits: int) -> None:
    made = saved_in_commits(recorded, videos=videos(count))
    assert len(made) == commits
    assert max(writes for writes, _ in made) <= MAX_WRITES_PER_COMMIT
    assert max(size for _, size in made) <= MAX_BYTES_PER_COMMIT
    assert len(recorded.get_documents(VIDEOS)) == count


@pytest.mark.parametrize(("count", "commits"), [(0, 1), (492, 1), (493, 2), (984, 2)])
def test_riders_have_room_in_the_completing_commit(
    recorded: RecordingStore, monkeypatch: pytest.MonkeyPatch, count: int, commits: int
) -> None:
    """Three riders leave room for 492 videos."""
    riding = tuple(DocumentWrite(f"events/{number}", {"n": number}) for number in range(3))
    monkeypatch.setattr(endings, "riders", lambda *_ending: riding)
    made = saved_in_commits(recorded, videos=videos(count), news=True)
    assert len(made) == commits
    assert max(writes for writes, _ in made) <= MAX_WRITES_PER_COMMIT
    assert len(recorded.get_documents(VIDEOS)) == count
    assert recorded.get_documents("events").keys() == {"0", "1", "2"}


def test_large_riders_have_room_in_the_completing_commit(
    recorded: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """34 videos of 100 kB fill a commit. Beside riders of 1.5 MB, only 19 videos fit."""
    riding = tuple(DocumentWrite(f"events/{number}", {"text": "x" * 500_000}) for number in range(3))
    monkeypatch.setattr(endings, "riders", lambda *_ending: riding)
    made = saved_in_commits(recorded, videos=videos(34, caption="🚀" * 25_000), news=True)
    assert len(made) == 2
    assert max(size for _, size in made) <= MAX_BYTES_PER_COMMIT


def test_long_captions_are_cut_by_bytes(recorded: RecordingStore) -> None:
    long = videos(200, caption="🚀" * 25_000)  # 100 kB each, 20 MB in all
    made = saved_in_commits(recorded, videos=long)
    assert len(made) == 6  # 34 videos in a commit of 3.49 MB
    assert max(size for _, size in made) <= MAX_BYTES_PER_COMMIT - 1_000
    assert len(recorded.get_documents(VIDEOS)) == 200


def test_a_video_larger_than_a_commit_goes_alone() -> None:
    writes = [DocumentWrite(f"v/{n}", {"caption": "x" * size}) for n, size in enumerate((10, 4_000_000, 10))]
    batches = in_commits(writes, Room(498, BYTES_PER_COMMIT, INDEXED_BYTES_PER_COMMIT))
    assert [[w.path for w in batch] for batch in batches] == [["v/0"], ["v/1"], ["v/2"]]


def test_the_user_sees_how_far_saving_is(harness: Harness) -> None:
    messages: list[str] = []

    class Telling(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            messages.append(job.change.fields["message"])
            return super().commit(job, documents)

    saved = Harness(store=Telling(harness.clock), videos=videos(1_000))
    saved.run_chain(saved.claimed_job())
    assert messages[-3:] == ["Saved 497 of 1,000 videos.", "Saved 994 of 1,000 videos.", "Done: 1,000 videos saved."]


def test_every_state_stays_small_with_the_longest_of_everything() -> None:
    """State inputs are ASCII JSON: a rocket takes 12 bytes, and a control character in a document's id takes 6."""
    rocket = "🚀"
    job_id = "\x01" * 1_500  # Firestore's limit in bytes
    harness = Harness(
        videos=videos(5_000), tracked=account(platform_user_id="9" * 40, post_count=2**63 - 1), max_videos=4_999
    )
    ids = dict.fromkeys(("orgId", "projectId", "userId"), rocket * 128)
    fields = job_document(**ids, username=rocket * 100, attempt=LARGEST_ATTEMPT - 1)
    harness.memory.touch(job_id, **fields)
    harness.tick()
    (state,) = harness.executions.started.values()
    sizes = [len(json.dumps(state))]
    for name in CHAIN:
        state = harness.run_state(name, dict(state))
        sizes.append(len(json.dumps(state)))
    assert harness.document(job_id)["status"] == "completed"
    assert max(sizes) < MAX_STATE_BYTES
    assert max(sizes) > 10_000  # the case is really extreme


def test_state_payload_is_under_1_kb_without_nulls(harness: Harness) -> None:
    harness.platform.account, harness.platform.videos = account(post_count=None), videos(5_000)
    state = harness.run_chain(harness.claimed_job())
    assert len(json.dumps(state)) < 1_000
    assert None not in state.values()


def test_odd_characters_in_platform_text_are_saved_unchanged(harness: Harness) -> None:
    odd = "nul \x00, line \u2028 separators \x85 and \x0b, right-to-left \u202e, emoji 👩\u200d🚀, \ufffe\uffff"
    harness.platform.account = account(bio=odd, display_name=odd)
    harness.platform.videos = [video(1, caption=odd, title=odd, hashtags=(odd,)), video(2)]
    harness.run_chain(harness.claimed_job())
    saved = harness.store.get_documents(VIDEOS)
    assert list(saved) == ["video00001", "video00002"]
    assert (saved["video00001"]["caption"], saved["video00001"]["hashtags"]) == (odd, [odd])


def test_counts_and_times_survive_staging(harness: Harness) -> None:
    extreme = video(1, view_count=2**63 - 1, like_count=0, published_at=None, duration_s=0.04, hashtags=())
    microseconds = video(2, published_at=START.replace(microsecond=123456))
    staging = harness.process_deps.staging
    fetched = FetchedVideos(videos=(extreme, microseconds), is_complete=True)
    staging.put_videos("execution", 1, fetched)
    assert staging.get_videos("execution", 1) == fetched
