"""What travels from state to state: who the job is, how far its execution came, and how much it fetched.

Ids and counters only: the largest state, whatever the account's size, stays under 16 KB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from tracking.accounts import camel_case
from tracking.errors import InvalidJobError
from tracking.fence import Fence
from tracking.jobs import PlatformName
from tracking.store import account_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Field names are camelCase in a state's JSON."""

    job_id: str
    attempt: int
    version: str
    org_id: str
    project_id: str
    user_id: str
    username: str
    platform: str
    account_type: str
    progress: int = 0  # that the states before this one have brought about
    retries_used: int = 0  # by the states before this one
    account_id: str | None = None  # from FetchAccount on
    videos_fetched: int = 0
    videos_unusable: int = 0  # beside these: the platform gave them ids that no document can have
    videos_total: int | None = None  # how many the platform says there are
    is_complete: bool = True  # False: the platform holds more than was fetched

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """InvalidJobError when a field is missing or of another type."""
        try:
            work = cls(**{f.name: state[camel_case(f.name)] for f in fields(cls) if camel_case(f.name) in state})
        except TypeError as error:
            raise InvalidJobError(f"The state's input is incomplete: {error}.") from error
        scope = (work.org_id, work.project_id, work.user_id)
        texts = (work.job_id, work.version, *scope, work.username, work.platform, work.account_type)
        numbers = (work.attempt, work.progress)
        if not all(isinstance(text, str) and text for text in texts) or not all(type(n) is int for n in numbers):
            raise InvalidJobError("The state's input is malformed.")
        return work

    def to_state(self) -> dict[str, Any]:
        return {camel_case(name): value for name, value in asdict(self).items() if value is not None}

    @property
    def platform_name(self) -> PlatformName:
        try:
            return PlatformName(self.platform)
        except ValueError:
            raise InvalidJobError(f"There is no platform {self.platform[:40]!r}.") from None

    @property
    def tracked_account_id(self) -> str:
        """InvalidJobError before FetchAccount has found it."""
        if not self.account_id:
            raise InvalidJobError("The state's input lacks the account that an earlier state should have set.")
        return self.account_id

    @property
    def account_document(self) -> str:
        """Path of the account's document; known from FetchAccount on."""
        return account_path(self.org_id, self.project_id, self.tracked_account_id)

    def extent(self, number: int) -> str:
        """So many of the account's videos, in words: `33 videos`, `4,200 newest of 10,000 videos`."""
        if self.is_complete:
            return f"{number:,} video{'' if number == 1 else 's'}"
        total = f" of {self.videos_total:,}" if self.videos_total and self.videos_total > number else ""
        return f"{number:,} newest{total} videos"

    def report(self, saved: int, missing: int) -> str:
        """Say how it ended, in the completed job."""
        done = f"Done: {self.extent(saved)} saved."
        return f"{done} {missing:,} of {saved + missing:,} videos could not be saved." if missing else done

    def after(self, fence: Fence, **changes: Any) -> Self:
        """The work as the next state gets it."""
        return replace(self, version=fence.version, progress=int(fence.progress), **changes)
