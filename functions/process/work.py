"""The data that travels from state to state: the job's ids, its progress, and how much was fetched.

It holds only ids and counters, so a state's input stays under 16 KB for an account of any size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self

from tracking.accounts import camel_case
from tracking.errors import InvalidJobError
from tracking.fence import Fence
from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.refreshes import Order
from tracking.sentences import Sentence, say
from tracking.store import account_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One job's work. Field names are camelCase in a state's JSON."""

    job_id: str
    attempt: int
    org_id: str
    project_id: str
    user_id: str
    username: str
    platform: str
    account_type: str
    version: str = ""  # of the job's document; the input of a further execution has none
    part: int = 1  # which execution of the attempt this is
    progress: int = 0  # reached by the states before this one
    retries_used: int = 0  # by the states before this one
    waits: int = 0  # of this execution, for the platform
    started_at: str | None = None  # RFC 3339: the claim, for a further execution
    staged_in: str | None = None  # execution that staged the account; None: this one
    runs: dict[str, str] = field(default_factory=dict)  # ids of paid runs by kind
    account_id: str | None = None  # set by FetchAccount
    cursor: str = ""  # where the videos go on
    chunk: int = 1  # number of the chunk of videos in this execution
    videos_saved: int = 0  # by earlier chunks
    videos_missing: int = 0  # of earlier chunks: they could not be saved
    videos_fetched: int = 0  # in this chunk
    videos_unusable: int = 0  # of this chunk, not in `videos_fetched`: their ids cannot name a document
    videos_total: int | None = None  # the platform's own count
    is_complete: bool = True  # False: the platform has more than was fetched
    runs_go_on: bool = False  # the last chunk is staged, and paid runs still find videos
    retry_at: str | None = None  # RFC 3339: the platform asked us to wait until then
    pause_reason: str | None = None  # an error's class name: the platform's pause is not written yet
    refresh: dict[str, Any] | None = None  # of a refresh alone: its order
    spent: dict[str, float] = field(default_factory=dict)  # by a refresh so far; its end writes it to the job

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read a state's input. Raises InvalidJobError when a field is missing or has the wrong type."""
        try:
            work = cls(**{f.name: state[camel_case(f.name)] for f in fields(cls) if camel_case(f.name) in state})
        except TypeError as error:
            raise InvalidJobError(say("malformedInput", detail=f"The state's input is incomplete: {error}.")) from error
        scope = (work.org_id, work.project_id, work.user_id)
        texts = (work.job_id, *scope, work.username, work.platform, work.account_type)
        numbers = (work.attempt, work.progress, work.part)
        if not all(isinstance(text, str) and text for text in texts) or not all(type(n) is int for n in numbers):
            raise InvalidJobError(say("malformedInput", detail="The state's input is malformed."))
        if not isinstance(work.version, str) or (work.part == 1 and not work.version):
            raise InvalidJobError(say("malformedInput", detail="The state's input lacks the job's version."))
        return work

    def to_state(self) -> dict[str, Any]:
        return {camel_case(name): value for name, value in asdict(self).items() if value is not None}

    @property
    def order(self) -> Order | None:
        """The order of a refresh, None for a user's job. Raises InvalidJobError if it is malformed."""
        return Order.from_document(self.refresh) if self.refresh else None

    @property
    def is_unread(self) -> bool:
        """Return whether this is a further execution that has not read the job yet: its input only names the job."""
        return self.part > 1 and self.staged_in is None

    @property
    def platform_name(self) -> PlatformName:
        try:
            return PlatformName(self.platform)
        except ValueError:
            raise InvalidJobError(
                say("malformedInput", detail=f"There is no platform {self.platform[:40]!r}.")
            ) from None

    @property
    def credential(self) -> str:
        """The name of the platform's credential in contracts/platforms.json."""
        return PLATFORMS[self.platform_name].credential

    @property
    def tracked_account_id(self) -> str:
        """The account's id, set by FetchAccount. Raises InvalidJobError before that."""
        if not self.account_id:
            detail = "The state's input lacks the account that an earlier state should have set."
            raise InvalidJobError(say("malformedInput", detail=detail))
        return self.account_id

    @property
    def account_document(self) -> str:
        """Path of the account's document. Needs the account's id, as `tracked_account_id` does."""
        return account_path(self.org_id, self.project_id, self.tracked_account_id)

    def so_far(self, saved: int | None = None, until: datetime | None = None) -> Sentence:
        """Return how many videos are saved: `1,204 of about 5,000 posts saved; going on.`

        `until`: the time until which the platform refuses us.
        """
        saved = self.videos_saved if saved is None else saved
        label = self.platform_name.label if until else None
        if total := self._total_over(saved):
            return say("goingOnOf", posts=saved, total=total, until=until, platform=label)
        return say("goingOn", posts=saved, until=until, platform=label)

    def fetched(self) -> Sentence:
        """Return how many videos are fetched: `Fetched 33 videos.`, `Fetched 4,200 newest of 10,000 videos.`"""
        number = self.videos_saved + self.videos_fetched
        if self.is_complete:
            return say("fetched", videos=number)
        return say("fetchedNewest", videos=number, total=self._total_over(number))

    def report(self, saved: int, missing: int) -> Sentence:
        """Return the completed job's message."""
        left_out = {"missing": missing, "all": saved + missing} if missing else {}
        if self.is_complete:
            return say("done", videos=saved, **left_out)
        return say("doneNewest", videos=saved, total=self._total_over(saved), **left_out)

    def _total_over(self, number: int) -> int | None:
        """Return the platform's own count of videos, if it says more than `number`."""
        return self.videos_total if self.videos_total and self.videos_total > number else None

    def after(self, fence: Fence, **changes: Any) -> Self:
        """Return the work for the next state, at the fence's version and progress."""
        return replace(self, version=fence.version, progress=int(fence.progress), **changes)
