"""Each commit stays below 10 MiB together with its index entries, which Firestore counts and the emulator does not.

The sizes are computed here as Google writes them down: https://firebase.google.com/docs/firestore/storage-size. Once
for a database with the exemptions of firestore.indexes.json, and once for one that has never seen that file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import pytest

from local.paths import ROOT
from tests.doubles import START
from tests.factories import account, job_document, video
from tests.harness import Harness
from tests.unit.platforms.replay import sample
from tracking import jobs
from tracking.accounts import Video
from tracking.document_limits import MAX_SENTENCE_BYTES, indexed_bytes, message_bytes
from tracking.jobs import Status
from tracking.platforms.youtube import video_from
from tracking.sentences import Sentence, say
from tracking.store import (
    MAX_BYTES_PER_COMMIT,
    MAX_WRITES_PER_COMMIT,
    DocumentWrite,
    JobWrite,
    WriteRefusedError,
)
from tracking.store.memory import MemoryStore

MAX_COMMIT_BYTES = 10 * 1024 * 1024
MAX_INDEXED_VALUE_BYTES = 1_500
INDEXES = json.loads((ROOT / "firestore.indexes.json").read_text())
EXEMPT = {(one["collectionGroup"], one["fieldPath"]) for one in INDEXES["fieldOverrides"]}
TOO_BIG = "Transaction too big. Decrease transaction size."
"""Firestore's message, an INVALID_ARGUMENT: https://github.com/firebase/firebase-tools/issues/1036"""

Documents = list[tuple[str, dict[str, Any]]]


def text_bytes(text: str) -> int:
    return len(text.encode()) + 1


def value_bytes(value: Any) -> int:
    if isinstance(value, str):
        return text_bytes(value)
    if isinstance(value, list):
        return sum(map(value_bytes, value))
    if isinstance(value, dict):
        return sum(text_bytes(name) + value_bytes(one) for name, one in value.items())
    return 1 if value is None or isinstance(value, bool) else 8


def name_bytes(path: str) -> int:
    return sum(map(text_bytes, path.split("/"))) + 16 if path else 0


def single_entries(path: str, fields: dict[str, Any], exempt: set[tuple[str, str]]) -> Iterator[int]:
    parent, collection, _ = ("/" + path).rsplit("/", 2)
    names = name_bytes(path) + name_bytes(parent.lstrip("/"))
    for field, value in fields.items():
        values = [value, value, *(value if isinstance(value, list) else [])]
        for one in values if (collection, field) not in exempt else []:
            indexed = min(value_bytes(one), MAX_INDEXED_VALUE_BYTES)
            yield names + text_bytes(field) + indexed + 32


def composite_entries(path: str, fields: dict[str, Any]) -> Iterator[int]:
    for index in INDEXES["indexes"]:
        names = [field["fieldPath"] for field in index["fields"]]
        if path.split("/")[-2] == index["collectionGroup"] and fields.keys() >= set(names):
            yield name_bytes(path) + sum(min(value_bytes(fields[name]), MAX_INDEXED_VALUE_BYTES) for name in names) + 32


def commit_bytes(documents: Documents, exempt: set[tuple[str, str]]) -> int:
    return sum(
        name_bytes(path)
        + value_bytes(fields)
        + 32
        + sum(single_entries(path, fields, exempt))
        + sum(composite_entries(path, fields))
        for path, fields in documents
    )


def test_the_rules_are_those_of_googles_example() -> None:
    """The page's document has 147 bytes, and its entry for `done` 109."""
    fields = {"type": "Personal", "done": False, "priority": 1, "description": "Learn Cloud Firestore"}
    everything = {("tasks", name) for name in fields}
    assert commit_bytes([("users/jeff/tasks/my_task_id", fields)], everything) == 147
    assert list(single_entries("users/jeff/tasks/my_task_id", fields, everything - {("tasks", "done")})) == [109, 109]


def recorded() -> list[Video]:
    found = [video_from(item) for item in sample("youtube/videos/videos_list_34_full_parts.json")["items"]]
    return sorted(found, key=lambda one: len(one.caption.encode()), reverse=True)


LONG_TAGS = tuple(f"hashtag{number:02}" for number in range(15))
MADE_UP = {
    "descriptions of 4,500 bytes": video(caption="x" * 4_500, title="t" * 100, hashtags=LONG_TAGS),
    "emoji": video(caption="🚀" * 1_125, title="🌍" * 100, hashtags=tuple("🚀" * 30 + str(n) for n in range(15))),
    "a thousand hashtags": video(hashtags=tuple(f"tag{number}" for number in range(1_000))),
    "long addresses": video(url="https://x.example/" + "u" * 2_000, thumbnail_url="https://x.example/" + "t" * 2_000),
}
CASES = {"all recorded": recorded(), "the largest recorded": recorded()[:1]} | {n: [one] for n, one in MADE_UP.items()}


class Recording(MemoryStore):
    """A store that records the documents of each commit, with the job's whole document."""

    commits: list[Documents]

    def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
        version = super().commit(job, documents)
        changed = [(one.path, one.fields) for one in (*job.companions, *documents)]
        self.commits.append([(f"trackingJobs/{job.job_id}", self.get_documents("trackingJobs")[job.job_id]), *changed])
        return version


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("exempt", [EXEMPT, set()], ids=["with exemptions", "without"])
def test_every_commit_of_a_job_stays_below_ten_mebibytes(name: str, exempt: set[tuple[str, str]]) -> None:
    """498 videos are the most of one commit, so 600 take two."""
    harness = Harness()
    store = Recording(harness.clock)
    store.commits = []
    numbered = [replace(one, video_id=f"{number:011}") for number, one in enumerate(islice(cycle(CASES[name]), 600))]
    whole = Harness(store=store, videos=numbered, tracked=account(bio="🚀" * 200_000))
    whole.run_chain(whole.claimed_job())
    assert len(store.get_documents("organizations/org1/projects/project1/trackedAccounts/instagram_528817151/videos"))
    assert max(commit_bytes(commit, exempt) for commit in store.commits) < MAX_COMMIT_BYTES * 0.95


@pytest.mark.parametrize(
    ("name", "by_default", "with_exemptions"),
    [
        ("all recorded", 6.2, 1.0),
        ("the largest recorded", 8.2, 2.6),
        ("descriptions of 4,500 bytes", 10.5, 2.7),
        ("emoji", 13.8, 3.7),
        ("a thousand hashtags", 138.1, 3.8),
    ],
)
def test_a_commit_of_498_videos_has_this_many_mebibytes(name: str, by_default: float, with_exemptions: float) -> None:
    """If no commit were cut by its index entries. docs/decisions.md quotes these numbers."""
    path = "organizations/org1/projects/project1/trackedAccounts/youtube_UC_x5XG1OV2P6uZZ5FSM9Ttw/videos/00000000001"
    synced = {"lastSyncedAt": START, "lastJobId": "x" * 20}
    documents = [(path, one.to_document() | synced) for one in islice(cycle(CASES[name]), 498)]
    sizes = [commit_bytes(documents, exempt) / 2**20 for exempt in (set(), EXEMPT)]
    assert [round(size, 1) for size in sizes] == [by_default, with_exemptions]
    assert len(list(single_entries(*documents[0], set()))) >= 34
    assert len(list(single_entries(*documents[0], EXEMPT))) == 2


@pytest.mark.parametrize("one", [*recorded(), *MADE_UP.values()], ids=lambda one: one.video_id)
def test_a_documents_size_is_never_underestimated(one: Video) -> None:
    path = f"organizations/org1/projects/project1/trackedAccounts/youtube_1/videos/{one.video_id}"
    fields = one.to_document() | {"lastSyncedAt": START, "lastJobId": "x" * 20}
    exact = commit_bytes([(path, fields)], set())
    assert exact <= indexed_bytes(path, fields) < exact * 1.1


def test_a_full_batch_of_endings_stays_below_its_limits() -> None:
    """Ending 500 jobs with the longest sentences is the largest request that a tick makes.

    A batch makes each write by itself. So its message has a limit, and each write has one with its index entries.
    """
    path = f"trackingJobs/{'x' * 1_500}"
    for longest in (Sentence("🚀" * MAX_SENTENCE_BYTES), say("malformedInput", detail="🚀" * 247)):
        failure = jobs.fail(Status.PROCESSING, START, longest, "x" * 100)
        assert (failure.fields["messageParams"] is not None) == (longest.code != "")
        assert MAX_WRITES_PER_COMMIT * message_bytes(path, failure.fields) < MAX_BYTES_PER_COMMIT
    document = job_document(**failure.fields, executionArn="a" * 300, username="🚀" * 100, orgId="🚀" * 128)
    assert commit_bytes([(path, document)], set()) < MAX_COMMIT_BYTES / 100


@pytest.mark.parametrize("accepted", [1, 7, 100, 498])
def test_a_commit_refused_for_its_size_is_halved(accepted: int) -> None:
    """Firestore may count more than we do. No video is lost, and none is counted as refused."""

    class TooBig(MemoryStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            if len(documents) > accepted:
                raise WriteRefusedError(TOO_BIG)
            return super().commit(job, documents)

    harness = Harness(store=TooBig(Harness().clock), videos=[video(number) for number in range(1, 701)])
    job = harness.claimed_job()
    harness.run_chain(job)
    document = harness.document(job["jobId"])
    assert (document["status"], document["message"]) == ("completed", "Done: 700 videos saved.")
