"""The mail function under test: each call of its store and of SES may meet a fault of the plan.

A lease lasts as long as the trigger's here, in place of five minutes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from mail import app
from tests.chaos import adapters
from tests.chaos.plan import Plan
from tracking import news_wiring
from tracking.mail import letters

plan = Plan(Path(os.environ["CHAOS_FOLDER"]))
letters.LEASE = timedelta(seconds=float(os.environ["CHAOS_LEASE_S"]))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    real = news_wiring.mail()
    post = adapters.post(real.post, plan, "mail") if real.post else None
    deps = replace(real, store=adapters.store(real.store, plan, "mail"), post=post)
    return app.handler(event, context, deps)
