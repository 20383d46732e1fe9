"""Comparison of each of the soak's jobs with its expected ending, and the figures of the whole soak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from rich.table import Table

from process.states import CHAIN
from tests.chaos.adapters import job_of
from tests.chaos.chaos_harness import ChaosHarness, is_settled
from tests.chaos.fates import PlannedJob
from tests.e2e.running import Document, Project
from tracking.jobs import Status
from tracking.store import JOBS

COMPLETED = f"{CHAIN[-1].name}.complete"  # a point


@dataclass(frozen=True, slots=True)
class Tracked:
    planned: PlannedJob
    project: Project
    job_id: str


@dataclass(slots=True)
class Figures:
    ticks: int = 0
    failed_ticks: int = 0  # a killed worker is the most frequent cause
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
            f"{one.planned.fate}, {one.planned.username}, {one.job_id}: {sentence}"
            for sentence in _wrong(one, document, executions[one.job_id], completions[one.job_id])
        ]
    figures.wrong += _wrong_videos(tracked, documents)


def _end(document: Document) -> str:
    return f"{document['status']} {document.get('errorCode') or ''}".strip()


def _wrong(one: Tracked, document: Document, executions: int, completions: int) -> list[str]:
    checks = {
        f"it is {document['status']}, which is no end": not is_settled(document),
        f"it ended as {_end(document)}": _end(document) not in one.planned.ends,
        f"{executions} executions in {document.get('attempt', 0)} attempts": executions > document.get("attempt", 0),
        # The number comes from the workers' notes. A worker that was killed right after its commit left no note.
        f"completed {completions} times": completions > (document["status"] == Status.COMPLETED),
        "a lease is left": document.get("leaseUntil") is not None,
    }
    return [sentence for sentence, is_so in checks.items() if is_so]


def _wrong_videos(tracked: Sequence[Tracked], documents: dict[str, Document]) -> list[str]:
    """Check that every account of a completed job has exactly its videos, however many jobs tracked it."""
    expected = {
        (one.project.org_id, documents[one.job_id]["accountId"]): one
        for one in tracked
        if documents[one.job_id]["status"] == Status.COMPLETED
    }
    with ThreadPoolExecutor(8) as pool:
        counts = pool.map(lambda item: item[1].project.count_videos(item[0][1]), expected.items())
    return [
        f"{one.planned.username} on {one.planned.platform}: {count} videos"
        for one, count in zip(expected.values(), counts, strict=True)
        if count != one.planned.videos
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
