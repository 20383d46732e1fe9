"""The notify function under test: each call of its store and each request may meet a fault of the plan.

A lease lasts as long as the trigger's here, in place of 90 s.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from notify import app, delivering
from tests.chaos import adapters
from tests.chaos.plan import Plan
from tracking import news_wiring

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))
delivering.LEASE = timedelta(seconds=float(os.environ["CHAOS_LEASE_S"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real = news_wiring.notify()
    deps = replace(
        real, store=adapters.store(real.store, plan, "notify"), sender=adapters.sender(real.sender, plan, "notify")
    )
    return app.handler(event, context, deps)
