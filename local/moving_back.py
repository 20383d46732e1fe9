"""Move what an account holds back by one day: then a day has passed for it, though no clock was changed.

    account, videos     every time, and the day of `growth.since`
    accountHistory      points go to the day before, over the ends of months and years
    videoHistory        the same; each part of a month keeps its videos
    videoIndex          its times and days

An account is moved in one commit, if that is not too large: so one that was stopped has moved, or has not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from process.saving import BYTES_PER_COMMIT, INDEXED_BYTES_PER_COMMIT, Room, in_commits
from tracking.history import thinning
from tracking.history.days import day_from, day_key, month_of
from tracking.history.past import account_points, map_of
from tracking.jobs import Fields
from tracking.store import DocumentWrite, Store

DAY = timedelta(days=1)
_ROOM = Room(400, BYTES_PER_COMMIT, INDEXED_BYTES_PER_COMMIT)


@dataclass(slots=True)
class _Moves:
    """The writes and deletions that move an account."""

    store: Store
    writes: list[DocumentWrite] = field(default_factory=list)
    deleted: dict[str, str] = field(default_factory=dict)

    def replace_all(self, collection: str, before: Collection[str], after: Mapping[str, Fields]) -> None:
        """Let a collection consist of these documents alone. `before`: the names of those that it has."""
        for name in before:
            path = f"{collection}/{name}"
            stored = self.store.get_stored(path)
            if stored and name in after:
                self.writes.append(DocumentWrite(path, after[name], version=stored.version))
            elif stored:
                self.deleted[path] = stored.version
        new = [name for name in after if name not in before]
        self.writes += [DocumentWrite(f"{collection}/{name}", after[name], must_be_new=True) for name in new]

    def commit(self, account: DocumentWrite) -> None:
        *earlier, last = in_commits(self.writes, _ROOM)
        for batch in earlier:
            self.store.change_together(batch, {})
        self.store.change_together([*last, account], self.deleted)


def move_back(store: Store, account_path: str, document: Mapping[str, Any], fields: Fields) -> None:
    """Move an account and all that is below it back by a day, and set further fields of its document.

    `document`: the account's. Raises StaleVersionError if a job wrote points meanwhile; then nothing, or a part of a
    very large account, has moved.
    """
    moves = _Moves(store)
    for name, video in store.get_documents(f"{account_path}/videos").items():
        moves.writes.append(DocumentWrite(f"{account_path}/videos/{name}", _changed(video, _earlier(video))))
    for collection, moved in (
        ("accountHistory", account_history),
        ("videoHistory", video_history),
        ("videoIndex", video_index),
    ):
        documents = store.get_documents(f"{account_path}/{collection}")
        moves.replace_all(f"{account_path}/{collection}", documents, moved(documents))
    moves.commit(DocumentWrite(account_path, account(document) | fields))


def account(document: Mapping[str, Any]) -> Fields:
    """Return the fields of an account's document that change."""
    moved = _earlier(document)
    growth = map_of(moved.get("growth"))
    if since := day_from(growth.get("since")):
        moved["growth"] = {**growth, "since": (since - DAY).isoformat()}
    return _changed(document, moved)


def account_history(documents: Mapping[str, Fields]) -> dict[str, Fields]:
    """Return the documents of months and of years as they are a day later, by name."""
    months: dict[str, Fields] = {}
    weeks: list[Fields] = []
    for name, document in documents.items():
        for day, point in account_points(document, name).items():
            _put(months, month_of(day - DAY), "days", day_key(day - DAY), _earlier(point))
        weeks += [_earlier(point) for point in map_of(document.get("weeks")).values() if _at(point)]
    for month, document in months.items():
        document[thinning.DUE] = thinning.account_due(month)
    for point in sorted(weeks, key=_at):  # of two points that come into one week, the later one stays
        year, week, _ = point["at"].isocalendar()
        _put(months, f"{year}", "weeks", f"{week:02}", point)
    return months


def video_history(documents: Mapping[str, Fields]) -> dict[str, Fields]:
    """Return the months of videos as they are a day later, by name. A month that was thinned stays as it is due."""
    moved: dict[str, Fields] = {}
    for name, document in documents.items():
        month, part = name[:7], name[7:]
        for video_id, points in map_of(document.get("v")).items():
            for key, counts in map_of(points).items():
                if day := day_from(f"{month}-{key}"):
                    target = moved.setdefault(f"{month_of(day - DAY)}{part}", {"v": {}})
                    target["v"].setdefault(video_id, {})[day_key(day - DAY)] = counts
    for name, document in moved.items():
        known = documents.get(name, {})
        document[thinning.DUE] = known[thinning.DUE] if thinning.DUE in known else thinning.videos_due(name[:7])
    return moved


def video_index(documents: Mapping[str, Fields]) -> dict[str, Fields]:
    """Return the parts of the index as they are a day later.

    The digests stay. They are of documents with the later times, so the next refresh writes each video again.
    """
    moved = {name: _earlier(document) for name, document in documents.items()}
    for document in moved.values():
        for entry in map_of(document.get("v")).values():
            if seen := day_from(entry.get("s")):
                entry["s"] = (seen - DAY).isoformat()
    return moved


def _put(documents: dict[str, Fields], name: str, kind: str, key: str, point: Any) -> None:
    documents.setdefault(name, {}).setdefault(kind, {})[key] = point


def _at(point: Any) -> Any:
    return map_of(point).get("at")


def _earlier(value: Any) -> Any:
    """Return a value with every time in it a day earlier."""
    if isinstance(value, datetime):
        return value - DAY
    if isinstance(value, Mapping):
        return {key: _earlier(one) for key, one in value.items()}
    return [_earlier(one) for one in value] if isinstance(value, list) else value


def _changed(before: Mapping[str, Any], after: Fields) -> Fields:
    return {name: value for name, value in after.items() if value != before.get(name)}
