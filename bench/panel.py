"""The panel's cost for a page in which ten jobs run: layouts, style and script time, memory.

    python -m bench.panel                     this checkout's panel
    python -m bench.panel --web OTHER/web     that of another checkout, for a comparison

Ten rows get 1.4 updates a second for two minutes. Chromium's own counters say what that took.
https://chromedevtools.github.io/devtools-protocol/tot/Performance/#method-getMetrics
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from bench.browser_page import open_page
from local.paths import WEB

SECONDS = 120
_SCRIPT = """
import { createRoot } from 'react-dom/client';
import { TrackingJobsPanel } from '../../src/panel/TrackingJobsPanel';
import '../../src/panel/panel.css';

const names = ['instagram', 'youtube', 'twitter'];
const now = () => new Date();
const jobs = Array.from({ length: 10 }, (_, number) => ({
  id: `job${number}`, orgId: 'o', projectId: 'p', userId: 'u', username: `account_${number}`,
  platform: names[number % names.length], accountType: 'my', status: 'processing', progress: 0, message: 'Found it.',
  createdAt: now(), startedAt: now(), completedAt: null, updatedAt: now(), retryCount: 0, attempt: 1,
  accountId: null, error: null, errorCode: null, messageCode: null, messageParams: {}, steps: {}, spent: {},
}));
const STEPS = [0, 30, 50, 70];
const source = {
  watchProjectJobs(_org, _project, onJobs) {
    let update = 0;
    const send = () => onJobs(jobs.map((job) => ({ ...job })), 'live');
    send();
    const timer = setInterval(() => {
      const job = jobs[update % jobs.length];
      const progress = STEPS[Math.floor(update / 10) % 4];
      Object.assign(job, { progress, message: `Step ${update}.`, updatedAt: now() });
      update += 1;
      send();
    }, 1000 / 1.4);
    return () => clearInterval(timer);
  },
  retryJob: async () => {},
  cancelJob: async () => {},
};
createRoot(document.getElementById('root')).render(<TrackingJobsPanel service={source} orgId="o" projectId="p" />);
"""
_SHOWN = {
    "LayoutCount": "layouts",
    "RecalcStyleCount": "style recalculations",
    "LayoutDuration": "layout, s",
    "RecalcStyleDuration": "style, s",
    "ScriptDuration": "script, s",
    "TaskDuration": "main thread, s",
}


def _measure(page: Page, seconds: float) -> dict[str, float]:
    page.get_by_text("@account_0", exact=True).wait_for()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def counters() -> dict[str, float]:
        devtools.send("HeapProfiler.collectGarbage")
        return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}

    before = counters()
    page.wait_for_timeout(seconds * 1000)
    after = counters()
    found = {name: after[name] - before[name] for name in _SHOWN}
    return found | {"heap": after["JSHeapUsedSize"], "growth": after["JSHeapUsedSize"] - before["JSHeapUsedSize"]}


def main(
    web: Annotated[Path, typer.Option(help="The folder web/ of a checkout that is set up.")] = WEB,
    seconds: float = SECONDS,
) -> None:
    with open_page(web, "panel", _SCRIPT) as page:
        found = _measure(page, seconds)
    table = Table("what", "measured", box=None, pad_edge=False)
    for name, words in _SHOWN.items():
        table.add_row(words, f"{found[name]:,.0f}" if name.endswith("Count") else f"{found[name]:.2f}")
    table.add_row("heap after it, MB", f"{found['heap'] / 2**20:.1f}")
    table.add_row("growth of the heap, MB", f"{found['growth'] / 2**20:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
