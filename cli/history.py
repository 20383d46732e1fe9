"""`tracking history`: an account's points as a table and as a plot. A day without a fetch has no point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from plotille import Figure
from rich.table import Table

from cli.accounts import number
from tracking.history.days import day_of, months
from tracking.history.past import account_points
from tracking.store import Store

Point = Mapping[str, Any]
COLUMNS = {
    "followers": "f",
    "following": "g",
    "posts": "p",
    "views": "v",
    "views of videos": "tv",
    "new videos": "n",
}
DAY = timedelta(days=1)


def points_since(store: Store, account: str, first: date, today: date) -> dict[date, Point]:
    """Return the points from the day `first` on, by day: of single days, and of weeks where the days are gone.

    `account`: its path. A week's point is that of its last day, so a day has one point at most.
    """
    names = [*months(first, today), *sorted({f"{year}" for year in range(first.year - 1, today.year + 1)})]
    found = store.get_each([f"{account}/accountHistory/{name}" for name in names])
    points: dict[date, Point] = {}
    for path, document in found.items():
        name = path.rpartition("/")[2]
        points |= dict(_weeks(document)) if len(name) == len("2026") else account_points(document, name)
    return {day: points[day] for day in sorted(points) if first <= day <= today}


def _weeks(document: Mapping[str, Any]) -> Iterator[tuple[date, Point]]:
    for point in document.get("weeks", {}).values():
        if isinstance(point.get("at"), datetime):
            yield day_of(point["at"]), point


def history_table(points: Mapping[date, Point]) -> Table:
    """Return a row for each point, with the change of the followers since the row before."""
    table = Table(box=None, pad_edge=False)
    table.add_column("day", no_wrap=True)
    for name in ("followers", "change", *list(COLUMNS)[1:]):
        table.add_column(name, no_wrap=True, justify="right")
    before: Point = {}
    for day, point in points.items():
        followers, *others = (number(point.get(key)) for key in COLUMNS.values())
        table.add_row(day.isoformat(), followers, _change(point, before), *others)
        before = point
    return table


def _change(point: Point, before: Point) -> str:
    now, then = point.get("f"), before.get("f")
    return number(now - then, sign="+") if type(now) is int and type(then) is int else ""


def chart(points: Mapping[date, Point], width: int) -> str | None:
    """Return a plot of the followers, or None if no count is known. Only days that follow each other are joined."""
    known = {day: point["f"] for day, point in points.items() if type(point.get("f")) is int}
    if not known:
        return None
    figure = Figure()
    figure.width, figure.height = max(20, width - 24), 12
    figure.with_colors = False
    figure.x_label, figure.y_label = "day", "followers"
    figure.register_label_formatter(float, _count_label)
    figure.register_label_formatter(datetime, _day_label)
    lowest, highest = min(known.values()), max(known.values())
    margin = max(1, (highest - lowest) // 20)
    figure.set_y_limits(lowest - margin, highest + margin)
    figure.set_x_limits(_moment(min(known) - DAY), _moment(max(known) + DAY))
    for day, count in known.items():
        figure.scatter([_moment(day)], [count])
    for one, next_one in pairwise(known):
        if next_one - one == DAY:
            figure.plot([_moment(one), _moment(next_one)], [known[one], known[next_one]])
    return str(figure.show())


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(12))


def _count_label(count: float, chars: int, delta: float, left: bool = False) -> str:  # noqa: ARG001 - plotille gives it
    return _placed(f"{count:,.0f}", chars, left)


def _day_label(day: datetime, chars: int, delta: timedelta, left: bool = False) -> str:  # noqa: ARG001
    return _placed(f"{day:%d %b}", chars, left)


def _placed(text: str, chars: int, left: bool) -> str:
    return text.ljust(chars) if left else text.rjust(chars)
