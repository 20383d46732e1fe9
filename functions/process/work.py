"""What travels from state to state: who the job is, its fence, and where the fetched data lies.

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
    retries_used: int = 0  # by the states before this one
    account_id: str | None = None
    account_key: str | None = None  # staging object, from FetchAccount on
    videos_key: str | None = None  # staging object, from FetchVideos on
    videos_fetched: int = 0
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
        if not all(isinstance(text, str) and text for text in texts) or not isinstance(work.attempt, int):
            raise InvalidJobError("The state's input is malformed.")
        return work

    def to_state(self) -> dict[str, Any]:
        return {camel_case(name): value for name, value in asdict(self).items() if value is not None}

    @property
    def fence(self) -> Fence:
        return Fence(self.job_id, self.attempt, self.version)

    @property
    def platform_name(self) -> PlatformName:
        try:
            return PlatformName(self.platform)
        except ValueError:
            raise InvalidJobError(f"There is no platform {self.platform[:40]!r}.") from None

    @property
    def account_document(self) -> str:
        """Path of the account's document; known from FetchAccount on."""
        return account_path(self.org_id, self.project_id, _present(self.account_id))

    @property
    def staged_account(self) -> str:
        """Where FetchAccount left the account."""
        return _present(self.account_key)

    @property
    def staged_videos(self) -> str:
        """Where FetchVideos left the videos."""
        return _present(self.videos_key)

    @property
    def extent(self) -> str:
        """How much was fetched, in words: `33 videos`, `4,200 newest of 10,000 videos`."""
        if self.is_complete:
            return f"{self.videos_fetched:,} video{'' if self.videos_fetched == 1 else 's'}"
        total = f" of {self.videos_total:,}" if self.videos_total and self.videos_total > self.videos_fetched else ""
        return f"{self.videos_fetched:,} newest{total} videos"

    def after(self, fence: Fence, **changes: Any) -> Self:
        """The work as the next state gets it."""
        return replace(self, version=fence.version, **changes)


def _present(value: str | None) -> str:
    if not value:
        raise InvalidJobError("The state's input lacks what an earlier state should have set.")
    return value
