"""The trigger function under test: each call of its adapters may meet a fault of the plan.

Leases last seconds instead of minutes. With the event `{"page": 1}`, a page holds one job, so that a tick reads the
queue page by page. With `"isCounted"`, it believes the book. What a killed tick took is free again
after half a second.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.chaos import adapters
from tests.chaos.plan import Plan
from tracking import wiring
from tracking.pauses import CONTROL_DOCUMENT
from tracking.store import DocumentWrite
from trigger import app
from trigger.control import SLOTS

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))
LONGEST_TICK = timedelta(seconds=0.5)
LEASE = timedelta(seconds=float(os.environ["CHAOS_LEASE_S"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real = wiring.trigger()
    page = {"max_open_jobs": event["page"], "scan_page_size": event["page"]} if "page" in event else {}
    if event.get("isCounted"):
        real.hints.is_busy, real.hints.counted_at = True, real.clock.now()
        real.store.put_document(DocumentWrite(CONTROL_DOCUMENT, {SLOTS: []}))  # no job runs, and no wake came
    deps = replace(
        real,
        store=adapters.store(real.store, plan, "tick"),
        executions=adapters.executions(real.executions, plan, "tick"),
        limits=replace(real.limits, lease=LEASE, longest_tick=LONGEST_TICK, **page),
    )
    return app.handler(event, context, deps)
