"""The demo page's list of accounts: the time to its first paint, and the frames that are dropped while it scrolls.

    python -m bench.accounts                     this checkout's list
    python -m bench.accounts --web OTHER/web     that of another checkout, for a comparison

The accounts are in memory. The time begins with a frame in which the list is rendered, and ends after that frame is
painted: search, order, React, style, layout and paint.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from playwright.sync_api import Page
from rich.console import Console

from bench.browser_page import open_page
from bench.table import Relation, Row, Target, table
from bench.timing import ms
from local.paths import WEB

MANY = 2_000
FEW = 20
TIMES = 20
FRAMES = 240  # four seconds of scrolling at 60 frames a second
STEP_PX = 120  # two rows a frame, which is faster than a person reads
_SCRIPT = """
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import '../../demo/demo.css';
import '../../src/charts/charts.css';
import '../../demo/list.css';
import { AccountList } from '../../demo/AccountList';
import { WHOLE } from '../../demo/accountView';
import { makeAccounts } from '../../tests/madeAccounts';

const nothing = () => {};
const none = [];
const view = { ...WHOLE, sort: 'f7' };
const lists = new Map();
const listOf = (count) => {
  lists.set(count, lists.get(count) ?? makeAccounts(count, new Date()));
  return (
    <main className="workspace">
      <AccountList
        accounts={{ status: 'ready', items: lists.get(count), hasMore: false, isStale: false }}
        view={view} onView={nothing} arrivedId={null} lastOpenedId={null}
        chosenIds={none} onChosen={nothing} onOpen={nothing}
      />
    </main>
  );
};

let root;
window.paint = (count) => new Promise((resolve) => {
  root?.unmount();
  root = createRoot(document.getElementById('root'));
  const list = listOf(count);
  const { port1, port2 } = new MessageChannel();
  requestAnimationFrame(() => {
    const start = performance.now();
    flushSync(() => root.render(list));
    // A message that is sent in a frame arrives after its paint.
    port1.onmessage = () => resolve(performance.now() - start);
    port2.postMessage(null);
  });
});

window.plain = () => {
  root?.unmount();
  root = createRoot(document.getElementById('root'));
  flushSync(() => root.render(<div style={{ height: 200_000 }}>A page that has nothing to draw.</div>));
  scrollTo(0, 0);
};

window.scrollPage = (frames, step) => new Promise((resolve) => {
  const times = [];
  let drawn = 0;
  let blank = 0;
  const frame = (now) => {
    times.push(now);
    drawn = Math.max(drawn, document.querySelectorAll('.row[data-id]').length);
    const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    blank += middle?.closest('.row') || times.length < 30 ? 0 : 1;
    if (times.length > frames) {
      const late = times.slice(1).map((time, index) => Math.round((time - times[index]) / (1000 / 60)) - 1);
      resolve({ drawn, blank, dropped: late.reduce((sum, count) => sum + Math.max(0, count), 0) });
      return;
    }
    scrollBy(0, step);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});
window.isReady = true;
"""


def rows(web: Path = WEB) -> list[Row]:
    with open_page(web, "accounts", _SCRIPT) as page:
        page.wait_for_function("window.isReady")
        few_s = _paints(page, FEW)
        many_s = _paints(page, MANY)
        page.evaluate("count => paint(count)", MANY)
        seen = _scroll(page)
        page.evaluate("plain()")
        plain = _scroll(page)
    return [
        Row(
            f"first paint of a list of {MANY:,} accounts / of {FEW}",
            median(many_s) / median(few_s),
            Target(Relation.AT_MOST, 3.0),
            f"{ms(median(many_s))} / {ms(median(few_s))}",
        ),
        Row(
            f"frames in time while {MANY:,} accounts scroll / while an empty page does",
            _in_time(seen) / _in_time(plain),
            Target(Relation.AT_LEAST, 0.9),
            f"{_in_time(seen)} / {_in_time(plain)} of {FRAMES}; {seen['drawn']} rows drawn, {seen['blank']} blank",
        ),
    ]


def _paints(page: Page, count: int) -> list[float]:
    """Return the seconds of each paint but the first, when nothing is compiled yet."""
    taken_ms: list[float] = [page.evaluate("count => paint(count)", count) for _ in range(1 + TIMES)]
    return [taken / 1000 for taken in taken_ms[1:]]


def _scroll(page: Page) -> dict[str, int]:
    seen: dict[str, int] = page.evaluate("([frames, step]) => scrollPage(frames, step)", [FRAMES, STEP_PX])
    return seen


def _in_time(seen: dict[str, int]) -> int:
    return max(1, FRAMES - seen["dropped"])


def main(web: Annotated[Path, typer.Option(help="The folder web/ of a checkout that is set up.")] = WEB) -> None:
    Console(width=160, highlight=False).print(table(rows(web)))


if __name__ == "__main__":
    typer.run(main)
