"""The process function under test: each call of its adapters may meet a fault of the plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from process import app
from tests.chaos import adapters
from tests.chaos.plan import Plan
from tracking import wiring
from tracking.staging import Staging

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real, state = wiring.process(), event["state"]
    staging = Staging(adapters.objects(real.staging._objects, plan, state))
    deps = replace(real, store=adapters.store(real.store, plan, state), staging=staging)
    return app.handler(event, context, deps)
