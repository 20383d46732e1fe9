"""The time that the charts take to be painted.

    python -m bench.charts                     this checkout's charts
    python -m bench.charts --web OTHER/web     those of another checkout, for a comparison

A chart is rendered at the begin of a frame, and the time ends after that frame is painted: React, style, layout and
paint. Each is done thirty times; the first time, when nothing is compiled yet, is shown beside the median.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.browser_page import open_page
from bench.table import Relation, Row, Target
from local.paths import WEB

TIMES = 30
FRAME_MS = 1000 / 60
_SCRIPT = """
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { BarChart, HeatMap, LineChart, Sparkline } from '../../src/chartsEntry';
import '../../src/charts/charts.css';

const DAY_MS = 24 * 60 * 60 * 1000;
const points = (count, start) => Array.from({ length: count }, (_, index) => ({
  day: new Date(Date.UTC(2026, 10, 30) - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  value: Math.round(start + index * 62 + 900 * Math.sin(index * 12.9898)),
}));
const year = points(366, 41_000);
const changes = year.map(({ day, value }, index) => ({ day, value: value - (year[index - 1]?.value ?? value) }));
const series = (count) => Array.from({ length: count }, (_, number) => ({
  name: `account ${number}`, points: points(366, 40_000 + 3_000 * number),
}));
const [one, five] = [series(1), series(5)];
const counts = Array.from({ length: 7 }, (_, day) => Array.from({ length: 24 }, (_, hour) => (day * hour) % 9));
const month = points(30, 1_000);

const charts = {
  'a line of a year': <LineChart title="Followers" series={one} />,
  'five lines of a year': <LineChart title="Followers" series={five} />,
  'bars of a year': <BarChart title="New followers" points={changes} />,
  'a heat map': <HeatMap title="Posts" counts={counts} />,
  'fifty sparklines of a month': Array.from({ length: 50 }, (_, number) => (
    <Sparkline key={number} title="Followers" points={month} hasTable={false} />
  )),
};

window.names = Object.keys(charts);
window.paint = (name) => new Promise((resolve) => {
  const root = createRoot(document.getElementById('root'));
  const { port1, port2 } = new MessageChannel();
  requestAnimationFrame(() => {
    const start = performance.now();
    flushSync(() => root.render(charts[name]));
    // A message that is sent in a frame arrives after its paint.
    port1.onmessage = () => {
      const ms = performance.now() - start;
      root.unmount();
      resolve(ms);
    };
    port2.postMessage(null);
  });
});
"""


def rows() -> list[Row]:
    """Measure the charts of an account's page: each should be painted within a frame or two."""
    taken_ms = measure(WEB)
    longest = max(taken_ms, key=lambda name: statistics.median(taken_ms[name]))
    return [
        Row(
            "the slowest chart's paint, in frames of 1/60 s",
            statistics.median(taken_ms[longest]) / FRAME_MS,
            Target(Relation.AT_MOST, 2.0),
            ", ".join(f"{name} {statistics.median(times):.1f} ms" for name, times in taken_ms.items()),
        )
    ]


def measure(web: Path) -> dict[str, list[float]]:
    """Return the milliseconds of each chart's paints, in their order."""
    with open_page(web, "charts", _SCRIPT) as page:
        page.wait_for_function("window.names")
        return {
            name: [page.evaluate("name => paint(name)", name) for _ in range(TIMES)] for name in page.evaluate("names")
        }


def main(web: Annotated[Path, typer.Option(help="The folder web/ of a checkout that is set up.")] = WEB) -> None:
    table = Table("chart", "first, ms", "median, ms", box=None, pad_edge=False)
    for name, taken_ms in measure(web).items():
        table.add_row(name, f"{taken_ms[0]:.1f}", f"{statistics.median(taken_ms):.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
