"""`tracking accounts`, `history` and `export` on the memory store; what is exported is what DuckDB reads."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

import cli
from cli.history import chart
from tests.doubles import ManualClock
from tests.past_days import days, point, put_days
from tracking.errors import StoreUnavailableError
from tracking.history import thinning
from tracking.jobs import Fields
from tracking.sentences import Sentence
from tracking.store import DocumentWrite, account_path
from tracking.store.memory import MemoryStore

NOW = datetime.now(UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
ACCOUNT = account_path("org1", "project1", "instagram_528817151")
SCOPE = ("--org", "org1", "--project", "project1")


class Ended(NamedTuple):
    exit_code: object
    output: str
    errors: str


Tracking = Callable[..., Ended]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The memory store that the command uses."""
    store = MemoryStore(ManualClock(NOW))
    monkeypatch.setattr(cli, "_store", lambda: store)
    return store


@pytest.fixture
def tracking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tracking:
    """A function that runs the command by its entry point in the tests' project."""

    def run(command: str, *arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tracking", command, *SCOPE, *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


def add_account(store: MemoryStore, account_id: str = "instagram_528817151", **fields: Any) -> None:
    known: Fields = {
        "platform": "instagram",
        "username": "nasa",
        "accountType": "competitor",
        "followerCount": 97_000_000,
        "growth": {"since": "2026-01-01", "f7": 1_200, "f30": -3_000},
        "lastSyncedAt": datetime(2026, 11, 30, 12, 5).astimezone(),
    }
    store.put_document(DocumentWrite(account_path("org1", "project1", account_id), known | fields))


def put_point(store: MemoryStore, day: date, **counts: int | None) -> None:
    fields = {"days": {f"{day:%d}": point(day) | counts}, thinning.DUE: None}
    store.put_document(DocumentWrite(f"{ACCOUNT}/accountHistory/{day:%Y-%m}", fields))


def rows(output: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in output.splitlines()]


# Accounts


def test_accounts_are_listed_with_their_growth(store: MemoryStore, tracking: Tracking) -> None:
    add_account(store)
    add_account(store, "youtube_UC1", platform="youtube", username="Blender", accountType="my", growth={"f7": 0})
    add_account(store, "twitter_1", platform="myspace", username="tom [b]", followerCount=None, growth=7)
    exit_code, output, errors = tracking("accounts")
    assert (exit_code, errors) == (0, "")
    assert rows(output) == [
        ["name", "platform", "whose", "followers", "7 days", "30 days", "last refresh"],
        ["Blender", "YouTube", "mine", "97,000,000", "+0", "30 Nov 2026 12:05"],
        ["nasa", "Instagram", "competitor", "97,000,000", "+1,200", "-3,000", "30 Nov 2026 12:05"],
        ["tom [b]", "myspace", "competitor", "30 Nov 2026 12:05"],
    ]


def test_accounts_of_one_platform(store: MemoryStore, tracking: Tracking) -> None:
    add_account(store)
    assert "nasa" in tracking("accounts", "--platform", "instagram").output
    assert tracking("accounts", "--platform", "youtube").output == "No accounts.\n"


# History


def test_history_is_a_row_for_each_point(store: MemoryStore, tracking: Tracking) -> None:
    add_account(store)
    put_point(store, TODAY - 30 * DAY, f=1)
    put_point(store, TODAY - 4 * DAY, f=1_000, g=5, p=7, v=None, tv=10, n=None)
    put_point(store, TODAY - 2 * DAY, f=None, g=5, p=7, v=None, tv=10, n=1)
    put_point(store, TODAY - DAY, f=1_100)
    put_point(store, TODAY, f=1_050)
    exit_code, output, errors = tracking("history", "@NASA")
    assert (exit_code, errors) == (0, "")
    assert rows(output) == [
        ["day", "followers", "change", "following", "posts", "views", "views of videos", "new videos"],
        [f"{TODAY - 4 * DAY}", "1,000", "5", "7", "10"],
        [f"{TODAY - 2 * DAY}", "5", "7", "10", "1"],
        [f"{TODAY - DAY}", "1,100"],
        [f"{TODAY}", "1,050", "-50"],
    ]
    assert len(rows(tracking("history", "instagram_528817151", "--days", "31").output)) == 6


def test_history_reads_weeks_where_the_days_are_gone(store: MemoryStore, tracking: Tracking) -> None:
    """The week over the end of a month is in both documents, and has one row."""
    add_account(store)
    put_days(store, date(2025, 2, 3), date(2025, 4, 30))
    month = f"{ACCOUNT}/accountHistory/2025-03"
    found = store.get_stored(month)
    assert found is not None
    following = store.get_document(f"{ACCOUNT}/accountHistory/2025-04") or {}
    weeks = thinning.weeks("2025-03", found.fields, following)["2025"]
    store.change_together([DocumentWrite(f"{ACCOUNT}/accountHistory/2025", {"weeks": weeks})], {month: found.version})
    output = tracking("history", "nasa", "--days", "3660").output
    sundays = [f"{day}" for day in days(date(2025, 3, 1), date(2025, 3, 31)) if day.isoweekday() == 7]
    of_february, of_april = days(date(2025, 2, 3), date(2025, 2, 28)), days(date(2025, 4, 1), date(2025, 4, 30))
    assert [row[0] for row in rows(output)[1:]] == [*map(str, of_february), *sundays, *map(str, of_april)]


@pytest.mark.parametrize("name", ["nobody", "instagram_1", "", "a/b"])
def test_an_unknown_account_is_one_sentence(store: MemoryStore, tracking: Tracking, name: str) -> None:
    add_account(store)
    exit_code, output, errors = tracking("history", name)
    assert (exit_code, output) == (1, "")
    assert errors == f"There is no account {name} in this project: `tracking accounts` lists them.\n"


def test_a_name_on_two_platforms_needs_more(store: MemoryStore, tracking: Tracking) -> None:
    add_account(store)
    add_account(store, "youtube_UC1", platform="youtube")
    exit_code, _, errors = tracking("history", "nasa")
    assert exit_code == 1
    assert errors == "nasa is the name of 2 accounts; give one of their ids: instagram_528817151, youtube_UC1.\n"
    assert tracking("history", "nasa", "--platform", "youtube") == (0, "No points.\n", "")


@pytest.mark.parametrize("command", [("accounts",), ("history", "nasa"), ("export", "--out", "none")])
def test_an_odd_scope_is_one_sentence(store: MemoryStore, tracking: Tracking, command: tuple[str, ...]) -> None:
    exit_code, _, errors = tracking(*command, "--org", "a/b", "--project", "x")
    assert (exit_code, errors.count("\n")) == (1, 1)


def columns_with_dots(plot: str) -> set[int]:
    """Return the columns in which something is drawn."""
    lines = [line.partition("|")[2] for line in plot.splitlines() if re.match(r"\s*[\d,]+ \| ", line)]
    assert lines
    return {place for line in lines for place, sign in enumerate(line) if 0x2800 < ord(sign) <= 0x28FF}


def test_the_chart_joins_only_days_in_a_row() -> None:
    first = date(2026, 3, 1)
    joined = chart({day: {"f": 1_000} for day in days(first, first + 20 * DAY)}, 100)
    gap = {day: {"f": 1_000} for day in days(first, first + 20 * DAY) if not 5 < (day - first).days < 15}
    hidden = {day: {"f": 1_000 if day in gap else None} for day in days(first, first + 20 * DAY)}
    assert joined is not None
    drawn = columns_with_dots(joined)
    assert drawn == set(range(min(drawn), max(drawn) + 1))
    broken = chart(gap, 100)
    assert broken is not None
    left = drawn - columns_with_dots(broken)
    assert len(left) > 0.35 * len(drawn)
    assert left == set(range(min(left), max(left) + 1))
    assert chart(hidden, 100) == broken


def test_the_chart_names_counts_and_days(store: MemoryStore, tracking: Tracking) -> None:
    add_account(store)
    for number, day in enumerate(days(TODAY - 9 * DAY, TODAY)):
        put_point(store, day, f=97_000_000 + 1_000 * number)
    output = tracking("history", "nasa", "--chart").output
    assert re.search(r"^ *97,00\d,\d{3} \| ", output, re.MULTILINE)
    assert f"{TODAY - 5 * DAY:%b}" in output.splitlines()[-1]
    assert max(map(len, output.splitlines())) <= 200


@pytest.mark.parametrize("counts", [{}, {TODAY: {"f": None}}])
def test_no_known_count_is_no_chart(counts: dict[date, Any]) -> None:
    assert chart(counts, 100) is None


# Export

VIDEOS: dict[str, dict[str, list[int | None]]] = {
    '-dQ,w4"w9': {"a": [10, None, 0, 3]},
    "7\n=1": {"a": [None, None, None, None], "b": [2**53, 1, 2, None]},
}


@pytest.fixture
def exported(store: MemoryStore) -> MemoryStore:
    """Two accounts; one has points of two days, with gaps, and videos with odd ids in two parts."""
    add_account(store, username='na"sa, 🚀')
    add_account(store, "youtube_UC1", platform="youtube", username="none")
    put_point(store, TODAY - DAY, f=None, g=5, p=7, v=2**53 + 1, tv=None, n=0)
    put_point(store, TODAY, f=12, g=5, p=7, v=None, tv=8, n=1)
    put_point(store, TODAY - 40 * DAY, f=1)
    when = {"a": TODAY - DAY, "b": TODAY}
    store.put_document(DocumentWrite(f"{ACCOUNT}/videoIndex/1", {"of": 2, "v": {}}))
    for part, (video_id, points) in zip(("", "-2"), VIDEOS.items(), strict=True):
        for name, counts in points.items():
            fields = {"v": {video_id: {f"{when[name]:%d}": counts}}}
            store.put_document(DocumentWrite(f"{ACCOUNT}/videoHistory/{when[name]:%Y-%m}{part}", fields))
    return store


NAMES = ("org1", "project1", "instagram_528817151")
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "account_history": [
        (*NAMES, "instagram", 'na"sa, 🚀', TODAY - DAY, None, 5, 7, 2**53 + 1, None, 0),
        (*NAMES, "instagram", 'na"sa, 🚀', TODAY, 12, 5, 7, None, 8, 1),
    ],
    "video_history": [
        (*NAMES, '-dQ,w4"w9', TODAY - DAY, 10, None, 0, 3),
        (*NAMES, "7\n=1", TODAY - DAY, None, None, None, None),
        (*NAMES, "7\n=1", TODAY, 2**53, 1, 2, None),
    ],
}
READERS = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}


@pytest.mark.parametrize("as_format", READERS)
def test_duckdb_reads_what_was_exported(
    exported: MemoryStore, tracking: Tracking, tmp_path: Path, as_format: str
) -> None:
    folder = tmp_path / "new"
    exit_code, output, errors = tracking("export", "--format", as_format, "--since", "7d", "--out", str(folder))
    assert (exit_code, errors) == (0, "")
    assert output == "".join(
        f"{folder / name}.{as_format}: {len(expected)} rows\n" for name, expected in EXPECTED.items()
    )
    for name, expected in EXPECTED.items():
        with duckdb.connect() as database:
            read = database.sql(f"SELECT * FROM {READERS[as_format]}('{folder / name}.{as_format}')")
            columns = [column for column in read.columns if column != "fetched_at"]
            found = read.project(", ".join(columns)).order("ALL").fetchall()
        assert sorted(found, key=str) == sorted(expected, key=str)
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.{as_format}" for name in EXPECTED]


def test_a_gap_is_an_empty_cell_and_null(exported: MemoryStore, tracking: Tracking, tmp_path: Path) -> None:
    for as_format in ("csv", "jsonl"):
        tracking("export", "--format", as_format, "--out", str(tmp_path))
    last = (tmp_path / "account_history.csv").read_text().splitlines()[-1]
    assert last.endswith(
        f",{TODAY},{datetime.combine(TODAY, datetime.min.time(), UTC).replace(hour=12).isoformat()},12,5,7,,8,1"
    )
    first = json.loads((tmp_path / "account_history.jsonl").read_text().splitlines()[0])
    assert (first["followers"], first["video_views"], first["views"]) == (None, None, 2**53 + 1)


def test_parquet_without_duckdb_is_one_sentence(
    exported: MemoryStore, tracking: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    folder = tmp_path / "new"
    exit_code, _, errors = tracking("export", "--format", "parquet", "--out", str(folder))
    assert exit_code == 1
    assert errors == "Parquet needs DuckDB, which is not installed: `make setup` installs it.\n"
    assert not folder.exists()
    assert tracking("export", "--out", str(folder)).exit_code == 0


def test_an_export_of_nothing_is_refused(store: MemoryStore, tracking: Tracking, tmp_path: Path) -> None:
    exit_code, _, errors = tracking("export", "--out", str(tmp_path / "new"))
    assert (exit_code, errors) == (1, "There is no such account in this project: nothing was written.\n")
    assert not (tmp_path / "new").exists()


def test_an_export_that_fails_leaves_the_files_before(
    exported: MemoryStore, tracking: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking("export", "--out", str(tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    class Dies(MemoryStore):
        def get_document(self, path: str) -> dict[str, Any] | None:
            raise StoreUnavailableError(Sentence("Our database did not answer."))

    dies = Dies(ManualClock(NOW))
    dies._documents = exported._documents
    monkeypatch.setattr(cli, "_store", lambda: dies)
    exit_code, output, errors = tracking("export", "--since", "1d", "--out", str(tmp_path))
    assert (exit_code, output, errors) == (1, "", "Our database did not answer.\n")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_is_a_file_is_one_sentence(exported: MemoryStore, tracking: Tracking, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    exit_code, _, errors = tracking("export", "--out", str(tmp_path / "file"))
    assert (exit_code, errors) == (1, f"The export cannot be written to {tmp_path / 'file'}: File exists.\n")
