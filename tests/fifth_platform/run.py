"""Run jobs of the platform "threads", in a process whose `tracking` has it, and print as JSON what came of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from importlib import import_module
from typing import Any

from tests.factories import job
from tests.harness import Harness
from tracking import wiring
from tracking.errors import InvalidJobError
from tracking.jobs import PlatformName
from tracking.platforms import instagram
from tracking.settings import PlatformSettings

TYPED = ("nasa", "na", "https://threads.example/search", "https://threads.example/@nasa/post/1", "https://x.com/nasa")


def completed_job() -> dict[str, Any]:
    harness = Harness()
    settings = PlatformSettings()
    harness.process_deps = replace(
        harness.process_deps,
        platform=lambda name: wiring.platform(name, settings, lambda credential: f"key of {credential}", harness.clock),
    )
    started = harness.claimed_job(platform="threads", username="https://www.threads.example/@Nasa")
    message = harness.document(started["jobId"])["message"]
    harness.run_chain(started)
    project = "organizations/org1/projects/project1/trackedAccounts/threads_7"
    return {
        "claimed": message,
        "execution": harness.started(started["jobId"]),
        "job": {name: harness.document(started["jobId"])[name] for name in ("status", "message", "accountId")},
        "account": (harness.memory.get_document(project) or {}).get("displayName"),
        "videos": list(harness.memory.get_documents(f"{project}/videos")),
    }


def started_by_credential() -> dict[str, int]:
    harness = Harness(per_credential=2)
    for number in range(3):
        for platform in ("threads", "instagram"):
            harness.add_job(platform=platform, username=f"name{number}")
    harness.tick()
    return Counter(str(payload["platform"]) for payload in harness.executions.started.values())


def refusal(parse: Any, typed: str) -> str | None:
    try:
        parse(typed)
    except InvalidJobError as error:
        return error.message
    return None


threads = import_module("tracking.platforms.threads")  # there is no such module but in this process
print(
    json.dumps(
        {
            "limit": PlatformSettings().max_videos("threads"),
            "labels": [platform.label for platform in PlatformName],
            "parsed": job(platform="threads").platform,
            "completed": completed_job(),
            "started": started_by_credential(),
            "refusals": {typed: refusal(threads.parse_username, typed) for typed in TYPED},
            "elsewhere": refusal(instagram.parse_username, "https://threads.example/@nasa"),
        }
    )
)
