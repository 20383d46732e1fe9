"""The process function under test: each call of its adapters may meet a fault of the plan.

A chunk holds few videos. The executions of one account seem to have begun long ago, so that they hand their job over.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from process import app
from tests.chaos import adapters
from tests.chaos.plan import Plan
from tests.chaos.points import CHUNK, CONTINUED
from tracking import wiring
from tracking.staging import Staging

LATE = timedelta(seconds=200)  # more than an execution has for fetching, and less than it lasts
plan = Plan(Path(os.environ["CHAOS_FOLDER"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real, state = wiring.process(), event["state"]
    if event["job"]["username"] == CONTINUED:
        started_at = datetime.fromisoformat(event["executionStartedAt"]) - LATE
        event = event | {"executionStartedAt": started_at.isoformat()}
    staging = Staging(adapters.objects(real.staging._objects, plan, state))
    limits = replace(real.limits, videos_per_chunk=CHUNK)
    deps = replace(real, store=adapters.store(real.store, plan, state), staging=staging, limits=limits)
    return app.handler(event, context, deps)
