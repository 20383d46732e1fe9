"""Odd data from a platform: the odd item is left out and counted, and all others are saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles import START, ManualClock
from tests.factories import account, video, videos
from tests.harness import Harness, lambda_cause
from tests.metrics import printed_metrics
from tracking.document_limits import MAX_FIELDS_BYTES, MAX_SENTENCE_BYTES, stored_bytes
from tracking.errors import ContractError
from tracking.platforms import Bounds, VideoPage, collect_videos
from tracking.sentences import Sentence
from tracking.store import JobWrite, WriteRefusedError
from tracking.store.memory import MemoryStore

ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"
VIDEOS = f"{ACCOUNTS}/instagram_528817151/videos"

ODD_IDS = ["a/b", "a/b/c", "..", "__x__", "__\n__", "x" * 1_501, "é" * 751, "", "1/videos/2", "\ud83d"]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_video_with_an_odd_id_is_left_out_and_reported(harness: Harness, odd: str) -> None:
    harness.platform.videos = [*videos(16), video(99, video_id=odd), *videos(33)[16:]]
    job = harness.claimed_job()
    harness.run_chain(job)
    document = harness.document(job["jobId"])
    assert document["status"] == "completed"
    assert document["message"] == "Done: 33 videos saved. 1 of 34 videos could not be saved."
    assert sorted(harness.memory.get_documents(VIDEOS)) == [one.video_id for one in videos(33)]
    assert {path for path in harness.memory._documents if path.startswith("organizations/")} == {
        f"{ACCOUNTS}/instagram_528817151",
        *(f"{VIDEOS}/{one.video_id}" for one in videos(33)),
        *(
            f"{ACCOUNTS}/instagram_528817151/{name}"
            for name in ("accountHistory/2026-03", "videoHistory/2026-03", "videoIndex/1")
        ),
    }


def test_only_videos_with_odd_ids_save_none(harness: Harness) -> None:
    harness.platform.videos = [video(1, video_id="a/b"), video(2, video_id="..")]
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"] == "Done: 0 videos saved. 2 of 2 videos could not be saved."


@pytest.mark.parametrize("odd", ["", "1/videos/2", "x" * 129, "\ud83d"])
def test_an_account_of_an_odd_id_is_refused_where_it_is_read(odd: str) -> None:
    with pytest.raises(ContractError, match="id that cannot be kept"):
        account(platform_user_id=odd)


def test_an_odd_id_that_comes_twice_is_counted_once() -> None:
    odd = video(1, video_id="a/b")
    pages = iter([VideoPage(videos=(odd, video(2)), has_more=True), VideoPage(videos=(odd, video(3)), has_more=False)])
    found = collect_videos(pages, Bounds(deadline=START.replace(year=2027), max_videos=10), ManualClock())
    assert ([one.video_id for one in found.videos], found.unusable) == (["video00002", "video00003"], ("a/b",))
    assert found.is_complete


LONG = [
    {"caption": "x" * 1_100_000},
    {"caption": "é" * 600_000, "title": "🚀" * 400_000},
    {"hashtags": ("x" * 1_000,) * 2_000},
    {"caption": "\x00" * 1_048_576, "url": "https://x.example/" + "y" * 1_048_576},
]


@pytest.mark.parametrize("fields", LONG)
def test_long_texts_are_cut_and_the_video_is_kept(harness: Harness, fields: dict[str, Any]) -> None:
    harness.platform.videos = [video(1, **fields), video(2)]
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"] == "Done: 2 videos saved."
    saved = harness.memory.get_documents(VIDEOS)["video00001"]
    for name, sent in fields.items():
        kept = saved[name]
        assert sent[: len(kept)] == tuple(kept) if isinstance(kept, list) else sent.startswith(kept.removesuffix("…"))
    assert stored_bytes(saved) > MAX_FIELDS_BYTES * 0.49


def test_a_long_bio_and_name_are_cut_in_account_and_sentence(harness: Harness) -> None:
    harness.platform.account = account(bio="🚀" * 300_000, display_name="é" * 600_000)
    job = harness.claimed_job()
    harness.run_state("FetchAccount", job)
    message = harness.document(job["jobId"])["message"]
    assert message.startswith("Found ééé")
    assert MAX_SENTENCE_BYTES - 4 <= len(message.encode()) <= MAX_SENTENCE_BYTES
    harness.platform.videos = [video(1, caption="x" * 900_000), *videos(5, caption="y" * 900_000)[1:]]
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["message"] == "Done: 5 videos saved."
    saved = harness.memory.get_documents(ACCOUNTS)["instagram_528817151"]
    assert saved["bio"].startswith("🚀")
    assert saved["displayName"].startswith("é")


def test_a_long_error_is_cut(harness: Harness) -> None:
    job = harness.claimed_job()
    harness.fail_job(job, "ContractError", lambda_cause(ContractError(Sentence("é" * 600_000))))
    document = harness.document(job["jobId"])
    assert document["error"] == document["message"] == "é" * 748 + "…"


class Refusing(MemoryStore):
    """A store that refuses some documents."""

    def __init__(self, harness: Harness, *odd: str) -> None:
        super().__init__(harness.clock)
        self.odd = odd
        self.commits = 0

    def commit(self, job: JobWrite, documents: Any = ()) -> str:
        self.commits += 1
        if any(document.path.rpartition("/")[2] in self.odd for document in documents):
            raise WriteRefusedError("too many index entries")
        return super().commit(job, documents)


@pytest.mark.parametrize("count", [1, 34, 600])
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_video_that_the_database_refuses_is_left_out(count: int, where: str) -> None:
    sent = videos(count)
    odd = sent[0 if where == "first" else -1].video_id
    harness = Harness(videos=sent)
    store = Refusing(harness, odd)
    harness.use(store)
    job = harness.claimed_job()
    harness.run_chain(job)
    document = harness.document(job["jobId"])
    assert document["message"] == (f"Done: {count - 1} videos saved. 1 of {count} videos could not be saved.")
    assert sorted(store.get_documents(VIDEOS)) == [one.video_id for one in sent if one.video_id != odd]
    saved = store.get_documents(ACCOUNTS)["instagram_528817151"]
    assert saved["videoCount"] == count - 1
    assert store.commits < 35


def test_an_account_that_the_database_refuses_fails_the_job(harness: Harness) -> None:
    class RefusesAccounts(MemoryStore):
        def commit(self, job: JobWrite, documents: Any = ()) -> str:
            if documents:
                raise WriteRefusedError("refused")
            return super().commit(job, documents)

    harness.use(RefusesAccounts(harness.clock))
    job = harness.claimed_job()
    state = harness.run_chain(job, until="FetchAccount")
    with pytest.raises(WriteRefusedError):
        harness.run_state("SaveAccount", state)
    harness.fail_job(state, "WriteRefusedError", '{"errorMessage": "refused"}')
    assert harness.document(job["jobId"])["errorCode"] == "InternalError"


def test_a_database_that_refuses_nearly_all_fails_the_job() -> None:
    """So many refusals are a bug of ours. A job with the message `Done: 0 videos saved` would hide it."""
    sent = videos(500)
    harness = Harness(videos=sent)
    store = Refusing(harness, *(one.video_id for one in sent))
    harness.use(store)
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    with pytest.raises(WriteRefusedError):
        harness.run_state("SaveVideos", state)
    assert store.commits < 300
    harness.fail_job(state, "WriteRefusedError", "{}")
    assert harness.document(state["jobId"])["errorCode"] == "InternalError"


def test_left_out_videos_are_counted_and_logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sent = videos(3)
    harness = Harness(videos=[*sent, video(9, video_id="a/b")])
    harness.use(Refusing(harness, sent[1].video_id))
    harness.run_chain(harness.claimed_job())
    assert printed_metrics(capsys.readouterr().out)["VideosLeftOut"] == [2]
    logged = {record.message: vars(record) for record in caplog.records}
    assert logged["video unusable"]["video_id"] == "a/b"
    assert logged["video refused"]["path"].endswith(sent[1].video_id)
