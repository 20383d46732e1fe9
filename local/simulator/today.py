"""Days that pass at the simulated platforms.

On day 0 the recorded answers are served as they are. On a later day the recorded accounts have grown: their posts are
as many days older, their counts are larger, there are new posts, and of most accounts one old post is gone. Synthetic
accounts stay as they are. Everything follows from the number of the day (`local.growing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from local import growing
from local.growing import chance

_FEWEST_LEFT = 5  # posts of an account that may lose one
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Today:
    """`day`: the days that have passed. `since`: the time, of a real clock, at which the first of them did."""

    day: int = 0
    since: datetime = _FIRST

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read `{"day": 3, "since": "2026-11-30T19:00:00Z"}`. Raises ValueError, with a sentence, for anything else."""
        try:
            today = cls(data["day"], datetime.fromisoformat(data["since"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError('A day is {"day": a number, "since": a time with its zone}.') from error
        if type(today.day) is not int or today.day < 0 or today.since.tzinfo is None:
            raise ValueError("The day is a whole number of at least 0, and the time has a zone.")
        return today

    def to_json(self) -> dict[str, Any]:
        return {"day": self.day, "since": self.since.astimezone(UTC).isoformat()}

    def older(self, written: str) -> str:
        """Return a time as many days earlier, in the form in which it is written."""
        timespec = "milliseconds" if "." in written else "seconds"
        moment = datetime.fromisoformat(written) - timedelta(days=self.day)
        return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")

    def level_of_account(self, name: str) -> float:
        return growing.later_level(growing.account_gain(name), self.day)

    def level_of_post(self, post_id: str, published: str) -> float:
        """Return the level of a recorded post. `published`: when it was published, as recorded."""
        age = growing.age_days(datetime.fromisoformat(published), self.since)
        return growing.later_level(growing.post_gain(post_id, max(age, 1)), self.day)

    def gone(self, name: str, published: Mapping[str, str]) -> set[str]:
        """Return the ids of posts that are gone: the oldest one, from some day on. `published`: times by id."""
        is_past = self.day >= 2 + int(4 * chance(name, "gone"))
        return (
            {min(published, key=lambda post: published[post])} if is_past and len(published) > _FEWEST_LEFT else set()
        )

    def new_posts(self, name: str) -> list[NewPost]:
        """Return the account's posts since day 0, the newest first. There is one on day 1, and on some later days."""
        days = (day for day in range(self.day, 0, -1) if day == 1 or chance(name, "new", day) < 0.4)
        return [NewPost(name, day, self) for day in days]


RECORDED = Today()
"""The day of the recorded answers."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post that an account has made on a day. It is made like a recorded one, its template."""

    name: str
    born: int
    today: Today

    @property
    def number(self) -> int:
        """A number that grows from post to post, for ids."""
        return self.born

    @property
    def token(self) -> int:
        """A number below 2**48 that no other post has, for ids that do not grow."""
        return int(chance(self.name, "id", self.born) * 2**48)

    @property
    def _published_at(self) -> datetime:
        hours = 2 + 4 * chance(self.name, "hour", self.born)
        return self.today.since - timedelta(hours=hours, days=self.today.day - self.born)

    def published(self, timespec: str = "milliseconds") -> str:
        return self._published_at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")

    @property
    def published_s(self) -> int:
        return int(self._published_at.timestamp())

    @property
    def level(self) -> float:
        """Its counts' share of the template's. One in seven goes viral."""
        fame = 0.4 + 1.2 * chance(self.name, "fame", self.born)
        fame *= 6 if chance(self.name, "viral", self.born) < 1 / 7 else 1
        age = growing.age_days(self._published_at, self.today.since)
        wobble = 0.02 * chance(self.name, "wobble", self.born)
        return fame * (1 - wobble) * growing.reach(age) / growing.reach(30)

    def template(self, posts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return posts[int(chance(self.name, "template", self.born) * len(posts))]

    def title(self, text: str) -> str:
        """Return the template's title or text with a number: a series goes on."""
        return f"{text} #{self.born + 1}"


def grown_counts(entry: Mapping[str, Any], names: Sequence[str], level: float) -> dict[str, Any]:
    """Return the entry's counts, grown. Texts stay texts; what is hidden, missing or -1 stays so."""
    return {name: _grown(entry[name], level) for name in names if name in entry}


def _grown(count: Any, level: float) -> Any:
    if isinstance(count, str):
        return str(growing.grown(int(count), level)) if count.isdecimal() else count
    return growing.grown(count, level) if type(count) is int and count > 0 else count


def grown_followers(name: str, count: Any, level: float) -> Any:
    """Return the number of followers, grown: as a text if it is one, and as it is if it is no number."""
    if isinstance(count, str):
        return str(growing.grown_followers(name, int(count), level)) if count.isdecimal() else count
    return growing.grown_followers(name, count, level) if type(count) is int else count
