"""`tracking export`: the history of a project's accounts and their videos, in files for other programs.

A row is a point of a day. What is unknown is an empty cell, null or NULL.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from cli.accounts import Accounts
from cli.history import points_since
from local import LocalError
from tracking.history.days import day_from, months
from tracking.history.past import index_path, video_month_path
from tracking.store import Store, account_path

Row = tuple[str | int | None, ...]
_ACCOUNT = {"org_id": "VARCHAR", "project_id": "VARCHAR", "account_id": "VARCHAR"}
_PLACES = {"following": "g", "posts": "p", "views": "v", "video_views": "tv", "new_videos": "n"}


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Sheet:
    """A file of the export: its name, its columns with their types in SQL, and its rows."""

    name: str
    columns: Mapping[str, str]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class History:
    """The points of a project's accounts and of their videos, from one day to another."""

    store: Store
    org: str
    project: str
    accounts: Accounts
    first: date
    today: date

    @property
    def sheets(self) -> tuple[Sheet, Sheet]:
        counts = dict.fromkeys(("followers", *_PLACES), "BIGINT")
        of_account = {"platform": "VARCHAR", "username": "VARCHAR", "day": "DATE", "fetched_at": "TIMESTAMPTZ"}
        of_video = {"video_id": "VARCHAR", "day": "DATE"}
        of_video |= dict.fromkeys(("views", "likes", "comments", "shares"), "BIGINT")
        return (
            Sheet("account_history", _ACCOUNT | of_account | counts, self._account_rows),
            Sheet("video_history", _ACCOUNT | of_video, self._video_rows),
        )

    def _account_rows(self) -> Iterator[Row]:
        for account_id, account in self.accounts.items():
            path = account_path(self.org, self.project, account_id)
            names = (_text(account.get("platform")), _text(account.get("username")))
            for day, point in points_since(self.store, path, self.first, self.today).items():
                at = point.get("at")
                fetched_at = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else None
                counts = (_count(point.get(key)) for key in ("f", *_PLACES.values()))
                yield self.org, self.project, account_id, *names, day.isoformat(), fetched_at, *counts

    def _video_rows(self) -> Iterator[Row]:
        for account_id in self.accounts:
            path = account_path(self.org, self.project, account_id)
            of = (self.store.get_document(index_path(path, 1)) or {}).get("of")
            parts = range(1, (of if type(of) is int else 1) + 1)
            for month in months(self.first, self.today):
                found = self.store.get_each([video_month_path(path, month, part) for part in parts])
                for document in found.values():
                    for video_id, day, counts in self._points(month, document.get("v", {})):
                        yield self.org, self.project, account_id, video_id, day.isoformat(), *counts

    def _points(
        self, month: str, videos: Mapping[str, Mapping[str, list[Any]]]
    ) -> Iterator[tuple[str, date, list[int | None]]]:
        for video_id in sorted(videos):
            for key in sorted(videos[video_id]):
                day = day_from(f"{month}-{key}")
                if day and self.first <= day <= self.today:
                    yield video_id, day, [_count(count) for count in videos[video_id][key]]


def write_files(history: History, as_format: Format, folder: Path) -> dict[Path, int]:
    """Write the files, and return how many rows each has. Files of the same names are replaced, when all are complete.

    LocalError if the folder cannot be written, or DuckDB is missing.
    """
    writers = {Format.CSV: _write_csv, Format.JSONL: _write_jsonl, Format.PARQUET: _write_parquet}
    if as_format is Format.PARQUET:
        _duckdb()  # fails before anything is read
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as unfinished:
            made = {}
            for sheet in history.sheets:
                path = Path(unfinished) / f"{sheet.name}.{as_format}"
                made[path] = writers[as_format](path, sheet)
            return {path.replace(folder / path.name): rows for path, rows in made.items()}
    except OSError as error:
        raise LocalError(f"The export cannot be written to {folder}: {error.strerror}.") from error


def _write_csv(path: Path, sheet: Sheet) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(sheet.columns)
        return _each(sheet.rows(), lines.writerow)


def _write_jsonl(path: Path, sheet: Sheet) -> int:
    def line(row: Row) -> None:
        file.write(json.dumps(dict(zip(sheet.columns, row, strict=True)), ensure_ascii=False) + "\n")

    file: IO[str]
    with path.open("w", encoding="utf-8") as file:
        return _each(sheet.rows(), line)


def _write_parquet(path: Path, sheet: Sheet) -> int:
    """Let DuckDB turn the CSV into Parquet, so that no table is held in memory."""
    csv_path = path.with_suffix(".csv")
    number = _write_csv(csv_path, sheet)
    with _duckdb().connect() as database:
        rows = database.read_csv(str(csv_path), header=True, columns=dict(sheet.columns), quotechar='"')
        rows.write_parquet(str(path))
    return number


def _each(rows: Iterable[Row], put: Callable[[Row], object]) -> int:
    number = 0
    for row in rows:
        put(row)
        number += 1
    return number


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise LocalError("Parquet needs DuckDB, which is not installed: `make setup` installs it.") from error
    return duckdb


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if type(value) is int else None
