"""Saving a chunk of videos: the commits, one by one.

Every commit includes the job's document, so the fence protects each of them. Documents are named by the platform's ids,
and points by their day, so saving them twice changes nothing.

    earlier commits    videos
    the last commit    the last videos, the points of all videos of the chunk, and for the last chunk the account;
                       with News=on, the events of all of them
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from aws_lambda_powertools import Logger

from process import account_news, charging, keeping_current
from process.account_document import AccountDocument, commit_one
from process.advancing import not_past
from process.step import Step
from tracking import endings, fence, jobs
from tracking.accounts import Account, Video
from tracking.document_limits import indexed_bytes, message_bytes
from tracking.errors import InvalidJobError, TrackingError
from tracking.fence import Fence
from tracking.history.days import day_of
from tracking.history.past import Past
from tracking.history.points import Points
from tracking.jobs import Change, Fields
from tracking.sentences import Sentence, say
from tracking.store import (
    MAX_BYTES_PER_COMMIT,
    MAX_INDEXED_BYTES_PER_COMMIT,
    DocumentMissingError,
    DocumentWrite,
    WriteRefusedError,
)
from tracking.wiring import ProcessDeps

logger = Logger(service="process", child=True)

VIDEOS = "videos"
"""The collection of an account's videos."""
MAX_REFUSED = 50
"""The most videos of one chunk that Firestore may refuse. Finding one of them takes about 18 commits."""
BYTES_PER_COMMIT = MAX_BYTES_PER_COMMIT - 10_000  # the rest is for the job's document
INDEXED_BYTES_PER_COMMIT = MAX_INDEXED_BYTES_PER_COMMIT - 30_000  # so is this


@dataclass(frozen=True, slots=True)
class Room:
    """The room that is left in a commit."""

    documents: int
    message_bytes: int
    indexed_bytes: int

    def after(self, write: DocumentWrite) -> Room:
        """Return the room that this write leaves."""
        return Room(
            self.documents - 1,
            self.message_bytes - message_bytes(write.path, write.fields),
            self.indexed_bytes - indexed_bytes(write.path, write.fields),
        )

    @property
    def is_overdrawn(self) -> bool:
        return min(self.documents, self.message_bytes, self.indexed_bytes) < 0


def points_of(step: Step, deps: ProcessDeps, account: Account, videos: Sequence[Video]) -> Points:
    """Return the points of the chunk's videos, compared with what is known of the account.

    A list that is shorter than the platform's own count says nothing about videos that are missing in it.
    """
    path, now = step.work.account_document, deps.clock.now()
    past = Past.read(deps.store, path, [video.video_id for video in videos], day_of(now))
    work = step.work
    if (order := work.order) and keeping_current.is_overtaken(order, past.document):
        raise InvalidJobError(say("fetchedMeanwhile"))
    is_all = work.is_complete and work.videos_saved + work.videos_unusable == 0
    is_whole = is_all and len(videos) >= (account.post_count or 0)
    return Points(path, past, videos, now, is_whole=is_whole, tells_outliers=deps.news)


def chunk_writes(step: Step, deps: ProcessDeps, account: Account, points: Points) -> Iterator[DocumentWrite]:
    """Yield the write of each video's document, then the videos' events, and then those of the videos' points.

    The index is among the points, and comes last: a chunk of several commits that is stopped between two of them tells
    its news again, and loses none.

    A refresh leaves out the videos that have not changed. A user's job writes all: it puts right what somebody deleted.
    """
    work = step.work
    synced = {"lastSyncedAt": points.now, "lastJobId": work.job_id}
    for one in points.fetched:
        if work.refresh and not one.is_changed:
            continue
        yield DocumentWrite(f"{work.account_document}/{VIDEOS}/{one.video.video_id}", one.fields | synced)
    yield from account_news.of_videos(step, deps, account, points)
    yield from points.video_writes()


def _number_of_videos(batch: Sequence[DocumentWrite]) -> int:
    return sum(_is_video(write) for write in batch)


def _is_video(write: DocumentWrite) -> bool:
    return write.path.split("/")[-2] == VIDEOS


def unstage(*deletions: Callable[[], None]) -> None:
    """Delete staged objects that are saved. An error is only logged, because the objects expire within a day."""
    try:
        for delete in deletions:
            delete()
    except TrackingError as error:
        logger.info("staging kept", action="staging_kept", reason=error.message)


class Saving:
    """The commits of one chunk. A video that Firestore refuses is left out and counted; a refused point is only told.

    `message`: returns the job's message from the number of videos saved so far. Earlier chunks count, in messages and
    in the account's `videoCount`.
    """

    def __init__(
        self, step: Step, deps: ProcessDeps, account: Account, points: Points, message: Callable[[int], Sentence]
    ) -> None:
        self.fence: Fence = step.fence
        self._step = step
        self._deps = deps
        self._account = account
        self._points = points
        self._account_point = points.account_point(account) | account_news.told_by_point(deps, account, points)
        self._keeps_point = True
        self._tells_news = deps.news
        self._total = step.work.videos_saved + len(points.videos)
        self._message = message
        unchanged = sum(not one.is_changed for one in points.fetched) if step.work.refresh else 0
        self._saved = step.work.videos_saved + unchanged
        self._refused = 0

    @property
    def saved(self) -> int:
        """Videos that are saved, with those of earlier chunks."""
        return self._saved

    @property
    def left_out(self) -> int:
        """Videos of this chunk that were left out: refused by Firestore, or dropped before because of their ids."""
        return self._refused + self._step.work.videos_unusable

    @property
    def missing(self) -> int:
        """Videos that were left out, with those of earlier chunks."""
        return self._step.work.videos_missing + self.left_out

    @cached_property
    def _figures(self) -> Fields:
        """The figures of the account's document: the same for the room and for the commit."""
        return self._points.figures(self._account_point)

    @cached_property
    def _news(self) -> list[DocumentWrite]:
        """The account's events, for the completing commit."""
        return account_news.of_account(self._step, self._deps, self._account, self._points, self._account_point)

    def room(self) -> Room:
        """Return the room in the completing commit."""
        work, document = self._step.work, self._document(self._total)
        completing = endings.ending(
            work.job_id,
            work.to_state(),
            self._completion(self._total),
            self.fence.version,
            document.new,
            news=self._deps.news,
            execution=self.fence.execution,
        )
        documents = self._deps.limits.documents_per_commit + 2  # with the account and its point
        room = Room(documents, BYTES_PER_COMMIT, INDEXED_BYTES_PER_COMMIT)
        point = self._points.account_write(self._account_point)
        return reduce(Room.after, [*completing.companions, point, *self._news], room)

    def save(self, batch: Sequence[DocumentWrite]) -> None:
        saved = self._saved + _number_of_videos(batch)
        change = jobs.note(self._deps.clock.now(), self._message(saved))
        try:
            self.fence = fence.commit(self._deps.store, self.fence, change, batch, check=not_past(self._step))
        except WriteRefusedError as error:
            self._save_by_halves(batch, error)
        else:
            self._saved = saved

    def finish(self, last: Sequence[DocumentWrite]) -> None:
        try:
            self._complete(last)
        except WriteRefusedError as error:
            if not last and self._keeps_point:
                self._tell_refused(self._points.account_path, error)
                self._keeps_point = False
                self.finish(last)
                return
            if not last and self._tells_news:
                self._tell_refused("events", error)
                self._tells_news = False
                self.finish(last)
                return
            if not last:
                raise
            self._save_by_halves(last, error)
            self.finish([])

    def _save_by_halves(self, batch: Sequence[DocumentWrite], error: WriteRefusedError) -> None:
        """Find the refused documents by splitting the batch in halves, and save the rest."""
        if len(batch) > 1:
            middle = len(batch) // 2
            self.save(batch[:middle])
            self.save(batch[middle:])
            return
        (refused,) = batch
        if not _is_video(refused):
            self._tell_refused(refused.path, error)
            return
        logger.warning("video refused", action="video_refused", path=refused.path, reason=str(error))
        self._refused += 1
        if self._refused > MAX_REFUSED:
            raise error

    @staticmethod
    def _tell_refused(path: str, error: WriteRefusedError) -> None:
        logger.error("points refused", action="points_refused", path=path, reason=str(error))

    def _complete(self, last: Sequence[DocumentWrite]) -> None:
        saved = self._saved + _number_of_videos(last)
        document, completion = self._document(saved), self._completion(saved)
        job = self._step.work.to_state()
        point = [self._points.account_write(self._account_point)] if self._keeps_point else []
        documents = [*last, *point, *(self._news if self._tells_news else [])]

        def complete(account: DocumentWrite) -> Fence:
            return fence.end(self._deps.store, self.fence, job, completion, account, documents, news=self._tells_news)

        if self._step.work.refresh:
            self.fence = _commit_tracked(document, complete)
            return
        # SaveAccount has just written the document, so try `known` first. It may have been deleted since then.
        self.fence = commit_one([document.known, document.new], complete)

    def _document(self, saved: int) -> AccountDocument:
        figures = {
            "videoCount": self._points.number_of_videos if self._step.work.refresh else saved,
            **self._figures,
            **keeping_current.after_success(self._step, self._deps, self._points, self._account),
        }
        return AccountDocument(self._step, self._account, self._deps.clock, figures)

    def _completion(self, saved: int) -> Change:
        report = self._step.work.report(saved, self.missing)
        complete = jobs.complete(self._deps.clock.now(), report, self._account.account_id)
        return charging.with_all(self._step, complete)


def _commit_tracked(document: AccountDocument, commit: Callable[[DocumentWrite], Fence]) -> Fence:
    """Commit with an account that must be there. Raises InvalidJobError if nobody tracks it any more."""
    try:
        return commit(document.known)
    except DocumentMissingError as error:
        raise InvalidJobError(say("noLongerTracked")) from error


def in_commits(writes: Iterable[DocumentWrite], room: Room) -> Iterator[list[DocumentWrite]]:
    """Cut the writes into batches that fit. Yield at least one batch, which may be empty."""
    batch: list[DocumentWrite] = []
    left = room
    for write in writes:
        left = left.after(write)
        if batch and left.is_overdrawn:
            yield batch
            batch, left = [], room.after(write)
        batch.append(write)
    yield batch
