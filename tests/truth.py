"""The truth about jobs, kept separately from their documents: claims, served data, and the right to write.

    claim ──> attempt, with the fields that it works from ──> data served to it ──> data that it saved
    one of these fields or the claim changes ──> another life of the job: the attempt may write nothing any more

The platform serves different data to each attempt, so that a document's content shows which attempt it came from.

If a document is the same in two states, both states count as one life. Examples: a field that is changed and changed
back, or a backup that restores the document as the same attempt left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from process.states import CHAIN, SAVE_SOME
from tests.factories import account, videos
from tracking.accounts import Account, Video
from tracking.jobs import Fields, Progress, Status
from tracking.store import account_path

VIDEOS_OF = {"none": 0, "one": 1, "some": 5, "some-com": 3}

HISTORY = ("accountHistory", "videoHistory", "videoIndex")
"""The collections below an account whose documents hold points, and what is known of videos."""

CLAIMED_FIELDS = ("orgId", "projectId", "userId", "username", "platform", "accountType", "attempt")
"""Fields that an attempt takes from its job at the claim. Status, progress and accountId are checked separately."""

CONTENT_FIELDS = (*CLAIMED_FIELDS, "status", "progress", "accountId", "message", "completedAt")
"""Fields whose change makes a document a different one. Fields of front ends do not count."""

_REACHED = [state.reaches for state in CHAIN]
STEPS: Mapping[str, tuple[Progress | None, Progress | None]] = {
    state.name: (found, state.reaches) for state, found in zip(CHAIN, [Progress.CREATED, *_REACHED], strict=False)
}
"""Progress before and after each state."""
STEPS_OF = {**STEPS, SAVE_SOME.name: (SAVE_SOME.reaches, SAVE_SOME.reaches)}


@dataclass(eq=False)
class PaidRun:
    run_id: str
    has_ended: bool = False


@dataclass(eq=False)
class Claim:
    """One attempt at a job, with the data served to it and saved by it."""

    number: int  # counts the claims of all jobs
    job_id: str
    attempt: int
    work: Fields
    left: int = 0  # the progress of its latest write
    reached: set[int] = field(default_factory=lambda: {0})
    account_id: str | None = None  # as the attempt wrote it into the job
    account: Account | None = None  # as the platform served it
    videos: dict[str, Video] = field(default_factory=dict)  # as served, by id
    saved: set[str] = field(default_factory=set)  # paths of the accounts that the attempt wrote in full
    runs: list[PaidRun] = field(default_factory=list)

    def everything(self, username: str) -> list[Video]:
        """Return all videos that the platform serves to this attempt, the newest first."""
        number = VIDEOS_OF[username]
        number += self.number % 2 if number else 0
        return videos(number, title=f"As served to claim {self.number}", view_count=self.number)


@dataclass(frozen=True)
class Writer:
    """The current writer: its name, and the claim that it acts for, if any."""

    name: str
    claim: Claim | None = None
    state: str = ""  # state of the execution; for FailJob, the state that failed
    part: int = 1  # which execution of the claim's attempt it is

    @property
    def is_attempt(self) -> bool:
        return self.claim is not None and self.state != ""


class Truth:
    """All claims and all served data, and checks of each write against them."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim | None] = {}  # the claim in each job's document, by job id
        self.documents: dict[str, Fields] = {}  # content that was served and rightly saved, by path
        self.points: dict[tuple[str, ...], Any] = {}  # the same of points, by path, video if any, and day
        self.completions: dict[str, tuple[Claim, Fields]] = {}  # the latest completion, by job id
        self.edited: set[str] = set()  # ids of jobs that were edited by hand
        self.all_claims: list[Claim] = []
        self.abandoned: set[str] = set()  # ids of jobs whose paid runs no document may name any more
        self._by_execution: dict[str, Claim] = {}
        self._by_version: dict[tuple[str, str], Claim | None] = {}
        self._staged_by: dict[str, Claim] = {}
        self._number = 0

    def claimed(self, job_id: str, data: Fields) -> None:
        self._number += 1
        claim = Claim(self._number, job_id, data["attempt"], {name: data.get(name) for name in CLAIMED_FIELDS})
        self.claims[job_id] = claim
        self.all_claims.append(claim)

    def written(self, job_id: str, version: str) -> None:
        self._by_version[job_id, version] = self.claims.get(job_id)

    def claim_at(self, job_id: str, version: str) -> Claim | None:
        """Return the claim that the job's document held at this version."""
        return self._by_version.get((job_id, version))

    def handed_over(self, claim: Claim, execution_arn: str) -> None:
        self._by_execution[execution_arn] = claim

    def claim_of(self, execution_arn: str, execution_input: Mapping[str, Any]) -> Claim:
        """Return the claim that an execution works for. A further one was named by a hand-over, or by an edit."""
        job_id = execution_input["jobId"]
        if "version" in execution_input:
            claim = self.claim_at(job_id, execution_input["version"])
        else:
            claim = self._by_execution.setdefault(execution_arn, self.claims[job_id])  # type: ignore[arg-type]
        assert claim is not None, f"started for a job that nobody claimed: {execution_input}"
        return claim

    # Paid runs

    def begin_run(self, claim: Claim) -> PaidRun:
        is_known = claim.job_id not in self.edited  # a document that was put back may not name the first run
        assert not is_known or all(run.has_ended for run in claim.runs), f"a second paid run of claim {claim.number}"
        run = PaidRun(f"run {claim.number}.{len(claim.runs) + 1}")
        claim.runs.append(run)
        return run

    def check_runs(self) -> None:
        """Check that no run goes on for a job that has ended.

        Nobody can know the run of a document that was deleted, edited, put back or cleared by a new claim, if the
        process was killed right after the start. The run's own limits end it.
        """
        for claim in self.all_claims:
            if claim.job_id not in self.edited | self.abandoned:
                assert all(run.has_ended for run in claim.runs), f"a paid run of claim {claim.number} goes on"

    # What the platform serves

    def serve_account(self, claim: Claim, platform: str, username: str) -> Account:
        claim.account = account(
            platform=platform,
            platform_user_id=username,
            username=username,
            display_name=f"{username} as served to claim {claim.number}",
            follower_count=claim.number,
        )
        return claim.account

    def serve_videos(self, claim: Claim, page: list[Video]) -> tuple[Video, ...]:
        claim.videos |= {video.video_id: video for video in page}
        return tuple(page)

    # Who may write what

    def refusal(self, writer: Writer, job_id: str, data: Fields) -> str | None:
        """Return the reason why this writer may not write to the job as it is, or None if it may."""
        claim = writer.claim
        if claim is None or self.claims.get(job_id) is not claim:
            return "the job is another claim's"
        if not writer.is_attempt:
            return None
        if data.get("part", 1) != writer.part:
            return f"the job was handed over: part {data.get('part')}"
        if data.get("status") != Status.PROCESSING:
            return f"the job is {data.get('status')}"
        if changed := [name for name in CLAIMED_FIELDS if data.get(name) != claim.work[name]]:
            return f"somebody changed {', '.join(changed)}"
        progress = data.get("progress")
        if progress not in claim.reached:
            return f"somebody set the progress to {progress}"
        if progress != claim.left and progress not in STEPS_OF[writer.state]:
            return f"the progress was set back to {progress}"
        if progress >= Progress.ACCOUNT_SAVED and data.get("accountId") != claim.account_id:
            return "somebody changed accountId"
        return None

    def check_staged(self, writer: Writer, key: str) -> None:
        assert writer.claim is not None, f"{writer.name} uses the staging storage"
        owner = self._staged_by.setdefault(key, writer.claim)
        assert owner is writer.claim, f"{writer.state} uses the staging object of another life: {key}"

    def check_document(self, writer: Writer, job_id: str, job: Fields, path: str, fields: Fields) -> None:
        """Check a write of an account or a video before it is made. `job`: the document before the commit."""
        what = f"{writer.state or writer.name} writes {path}"
        reason = self.refusal(writer, job_id, job)
        assert reason is None, f"{what}: {reason}"
        claim = writer.claim
        assert claim is not None
        # A state that is retried after a lost reply finds the progress that it set, and writes the same again.
        assert job["progress"] in STEPS_OF[writer.state], f"{what} at {job['progress']} %"
        own = account_path(job["orgId"], job["projectId"], f"{job['platform']}_{job['username']}")
        assert path == own or path.startswith(f"{own}/"), f"{what}: not its account"
        if path.split("/")[-2] in HISTORY:
            return
        assert fields["lastJobId"] == job_id, what
        if path != own:
            self._check_served(claim.videos.get(path.rpartition("/")[2]), path, fields)
        else:
            assert "displayName" in fields, f"{what}: a stub, for nobody saved the account"
            self._check_served(claim.account, path, fields)
            assert fields["accountType"] == job["accountType"], what
            claim.saved.add(path)

    def _check_served(self, served: Account | Video | None, path: str, fields: Fields) -> None:
        assert served is not None, f"nobody served {path}"
        content = served.to_document()
        assert {name: fields.get(name) for name in content} == content, f"not what was served: {path}"
        self.documents[path] = content

    def check_points(self, writer: Writer, path: str, fields: Fields) -> None:
        """Check that points are of what was served, before they are written. `fields`: as the commit has them."""
        claim = writer.claim
        assert claim is not None
        for day, point in fields.get("days", {}).items():
            assert claim.account is not None, f"nobody served {path}"
            assert (point["f"], point["p"]) == (claim.account.follower_count, claim.account.post_count), path
            self.points[path, day] = point
        if "/videoHistory/" in path:
            for video_id, days in fields["v"].items():
                served = claim.videos[video_id]
                counts = [served.view_count, served.like_count, served.comment_count, served.share_count]
                assert list(days.values()) == [counts], f"not what was served: {video_id} in {path}"
                self.points |= {(path, video_id, day): counts for day in days}

    def check_kept_points(self, found: Mapping[str, Fields]) -> None:
        """Check that the documents hold exactly the points of their last rightful writers. `found`: all documents."""
        kept: dict[tuple[str, ...], Any] = {}
        for path, fields in found.items():
            kept |= {(path, day): point for day, point in fields.get("days", {}).items()}
            if "/videoHistory/" in path:
                kept |= {
                    (path, video, day): counts for video, days in fields["v"].items() for day, counts in days.items()
                }
        assert kept == self.points

    def check_change(self, writer: Writer, job_id: str, before: Fields, after: Fields) -> None:
        """Check a write to the job by an attempt or by a report of its end."""
        reason = self.refusal(writer, job_id, before)
        assert reason is None, f"{writer.state or writer.name} writes to {job_id}: {reason}"
        if writer.is_attempt and writer.claim is not None:
            writer.claim.left = after["progress"]
            writer.claim.reached.add(after["progress"])
            if after["progress"] >= Progress.ACCOUNT_SAVED:
                writer.claim.account_id = after.get("accountId")

    def check_spending(self, writer: Writer, job_id: str, before: Fields, after: Fields) -> None:
        """Check a write of what an attempt spent: also a job that has ended gets it, but not one that waits again."""
        assert self.claims.get(job_id) is writer.claim, f"{writer.state} counts for another claim's job"
        assert before["status"] != Status.PENDING, f"{writer.state} stands in the way of the next claim"
        changed = {name for name in after if after[name] != before.get(name)}
        assert changed <= {"spent", "updatedAt"}, f"{writer.state} writes {changed} with what it spent"
        assert after["spent"]["units"] > before.get("spent", {}).get("units", 0)

    def check_completed(self, claim: Claim | None, job: Fields, found: Mapping[str, Fields]) -> Fields:
        """Check that all data served to the attempt is saved, and return the account.

        If the job's time ran out, only the newest videos must be saved.

        `found`: all documents, by path. A later attempt of another job may have saved the same account since.
        """
        assert claim is not None, "completed though nobody claimed it"
        assert claim.account is not None, f"completed though nothing was fetched: {job['message']}"
        assert job.get("accountId") == claim.account.account_id, f"completed with {job.get('accountId')}"
        assert (job["platform"], job["username"]) == (claim.account.platform, claim.account.username)
        path = account_path(job["orgId"], job["projectId"], job["accountId"])
        saved = found.get(path)
        assert saved is not None, "completed without its account"
        assert path in claim.saved, "completed though its attempt saved no account"
        videos_found = {p.rpartition("/")[2] for p in found if p.startswith(f"{path}/videos/")}
        number, is_cut = int(job["message"].split()[1].replace(",", "")), "newest" in job["message"]
        everything = [video.video_id for video in claim.everything(job["username"])]
        assert number < len(everything) if is_cut else number == len(everything), job["message"]
        assert set(everything[:number]) <= videos_found & set(claim.videos), "completed without exactly its videos"
        assert job["progress"] == Progress.VIDEOS_SAVED
        for document in [path, *(f"{path}/videos/{video_id}" for video_id in videos_found)]:
            self.check_saved(document, found[document])
        return saved

    def check_saved(self, path: str, fields: Fields) -> None:
        """Check that a document has the content that was served to its last rightful writer."""
        content = self.documents.get(path)
        assert content is not None, f"nobody had the right to write {path}"
        assert {name: fields.get(name) for name in content} == content, f"not what was served: {path}"
