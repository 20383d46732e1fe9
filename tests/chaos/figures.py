"""What became of the soak's jobs: each against its fate, and the figures of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from rich.table import Table

from process.states import CHAIN
from tests.chaos.adapters import job_of
from tests.chaos.chaos_harness import ChaosHarness, is_settled
from tests.chaos.fates import Wish
from tests.e2e.running import Document, Project
from tracking.jobs import Status
from tracking.store.firestore import JOBS

COMPLETED = f"{CHAIN[-1].name}.complete"  # a point


@dataclass(frozen=True, slots=True)
class Tracked:
    wish: Wish
    project: Project
    job_id: str


@dataclass(slots=True)
class Figures:
    ticks: int = 0
    failed_ticks: int = 0  # killed, most of them
    kills: int = 0
    wall_s: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    executions: int = 0
    retries: int = 0
    wrong: list[str] = field(default_factory=list)


def examine(harness: ChaosHarness, tracked: Sequence[Tracked], figures: Figures) -> None:
    references = [harness.running.client.collection(JOBS).document(one.job_id) for one in tracked]
    documents = {found.id: found.to_dict() or {} for found in harness.running.client.get_all(references)}
    executions = Counter(job_of(e.name) for e in harness.executions())
    completions = Counter(c["job"] for c in harness.plan.calls() if (c["point"], c["ended"]) == (COMPLETED, "done"))
    for one in tracked:
        document = documents[one.job_id]
        figures.ends[_end(document)] += 1
        figures.attempts += document.get("attempt", 0)
        figures.executions += executions[one.job_id]
        figures.retries += document.get("retryCount", 0)
        figures.wrong += [
            f"{one.wish.fate}, {one.wish.username}, {one.job_id}: {sentence}"
            for sentence in _wrong(one, document, executions[one.job_id], completions[one.job_id])
        ]
    figures.wrong += _wrong_videos(tracked, documents)


def _end(document: Document) -> str:
    return f"{document['status']} {document.get('errorCode') or ''}".strip()


def _wrong(one: Tracked, document: Document, executions: int, completions: int) -> list[str]:
    checks = {
        f"it is {document['status']}, which is no end": not is_settled(document),
        f"it ended as {_end(document)}": _end(document) not in one.wish.ends,
        f"{executions} executions in {document.get('attempt', 0)} attempts": executions > document.get("attempt", 0),
        # As noted by the workers; one that was killed right after the commit noted nothing.
        f"completed {completions} times": completions > (document["status"] == Status.COMPLETED),
        "a lease is left": document.get("leaseUntil") is not None,
    }
    return [sentence for sentence, is_so in checks.items() if is_so]


def _wrong_videos(tracked: Sequence[Tracked], documents: dict[str, Document]) -> list[str]:
    """Of every account that a completed job saved: exactly its videos, however many jobs tracked it."""
    expected = {
        (one.project.org_id, documents[one.job_id]["accountId"]): one
        for one in tracked
        if documents[one.job_id]["status"] == Status.COMPLETED
    }
    with ThreadPoolExecutor(8) as pool:
        counts = pool.map(lambda item: item[1].project.count_videos(item[0][1]), expected.items())
    return [
        f"{one.wish.username} on {one.wish.platform}: {count} videos"
        for one, count in zip(expected.values(), counts, strict=True)
        if count != one.wish.videos
    ]


def table(count: int, figures: Figures) -> Table:
    drawn = Table("figure", "", box=None, pad_edge=False, show_header=False)
    rows = {
        "jobs": f"{count:,}",
        **{f"  {end}": f"{number:,}" for end, number in sorted(figures.ends.items())},
        "attempts": f"{figures.attempts:,}",
        "executions": f"{figures.executions:,}",
        "retries within attempts": f"{figures.retries:,}",
        "ticks, two at a time": f"{figures.ticks:,}, of which {figures.failed_ticks:,} failed",
        "workers killed": f"{figures.kills:,}",
        "wall time": f"{figures.wall_s:.0f} s, {count / figures.wall_s:.1f} jobs a second",
    }
    for name, value in rows.items():
        drawn.add_row(name, value)
    return drawn
