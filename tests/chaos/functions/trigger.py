"""TriggerFunction, its adapters behind the plan, its leases of seconds instead of minutes.

An event may say `{"page": 1}`: with as many jobs as a page holds, a tick looks at the queue part by part.
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
from tracking import jobs, wiring
from trigger import app, tick, waiting

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))
jobs.LEASE = timedelta(seconds=float(os.environ["CHAOS_LEASE_S"]))
MAX_OPEN_JOBS, PENDING_PAGE_SIZE = tick.MAX_OPEN_JOBS, waiting.PENDING_PAGE_SIZE


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    tick.MAX_OPEN_JOBS = event.get("page", MAX_OPEN_JOBS)
    tick.PENDING_PAGE_SIZE = waiting.PENDING_PAGE_SIZE = event.get("page", PENDING_PAGE_SIZE)  # type: ignore[attr-defined]
    real = wiring.trigger()
    deps = replace(
        real,
        store=adapters.store(real.store, plan, "tick"),
        executions=adapters.executions(real.executions, plan, "tick"),
    )
    return app.handler(event, context, deps)
