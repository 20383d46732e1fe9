"""The cleanup function under test: each call of its store may meet a fault of the plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from cleanup import app
from tests.chaos import adapters
from tests.chaos.plan import Plan
from tracking import wiring

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real = wiring.cleanup()
    return app.handler(event, context, replace(real, store=adapters.store(real.store, plan, "cleanup")))
