"""A fifth platform, "threads". It is added as the how-to shows: an entry in the contract, a module, and its limit.

All are added to a copy of the layer's package. A separate process imports the copy, because `PlatformName` is built
from the contract at import. All else is as in other unit tests: the functions, the store in memory, and the harness,
which runs the states in place of Step Functions.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.paths import ROOT
from tracking.jobs import PlatformName

ENTRY: dict[str, Any] = {
    "label": "Threads",
    "credential": "threads",
    "quotaResetHourUtc": None,
    "refreshPosts": 20,
    "refreshHours": 6,
    "hasIds": False,
    "hosts": ["threads.example"],
    "shortLinkHosts": [],
    "example": "https://threads.example/@nasa",
    "username": "[A-Za-z0-9._]{3,30}",
    "anyScript": False,
    "usernameRule": "it has 3 to 30 letters, digits, periods and underscores",
    "accountPaths": {},
    "pages": ["search"],
    "posts": ["post"],
    "postParts": 3,
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return how the jobs ended, as `tests.fifth_platform.run` prints it."""
    layer = tmp_path_factory.mktemp("layer")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "layers" / "common" / "tracking", layer / "tracking", ignore=ignored)
    add_threads(layer / "tracking")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (layer, ROOT / "functions", ROOT)))}
    command = [sys.executable, "-m", "tests.fifth_platform.run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # the lines before are the functions' logs


def add_threads(package: Path) -> None:
    contract = json.loads((package / "platforms.json").read_text(encoding="utf-8"))
    contract["platforms"]["threads"] = ENTRY
    contract["credentials"]["threads"] = "THREADS_TOKEN"
    contract["refreshBudgets"]["threads"] = {"unit": "usd", "account": {"users": 1}, "post": {"posts": 1}}
    (package / "platforms.json").write_text(json.dumps(contract), encoding="utf-8")
    settings = package / "settings.py"
    limit = "    max_videos_threads: int = 7\n"
    settings.write_text(re.sub(r"(?m)^(?=    max_videos_instagram\b)", limit, settings.read_text(encoding="utf-8")))
    shutil.copy(ROOT / "tests" / "fifth_platform" / "threads.py", package / "platforms" / "threads.py")


def test_a_fifth_platforms_job_is_completed(outcome: Any) -> None:
    completed = outcome["completed"]
    assert completed["claimed"] == "Looking up the Threads account."
    assert completed["execution"].startswith("threads-Nasa-")
    assert completed["job"] == {"status": "completed", "message": "Done: 1 video saved.", "accountId": "threads_7"}
    assert completed["videos"] == ["post1"]


def test_a_fifth_platform_is_built_with_its_own_key(outcome: Any) -> None:
    assert outcome["completed"]["account"] == "nasa, by key of threads"


def test_a_fifth_platforms_limit_is_one_line_of_the_settings(outcome: Any) -> None:
    assert outcome["limit"] == 7


def test_a_fifth_platform_has_a_name_and_a_label(outcome: Any) -> None:
    assert outcome["parsed"] == "threads"
    assert outcome["labels"] == [*(platform.label for platform in PlatformName), "Threads"]


def test_a_fifth_platforms_username_rule_is_effective(outcome: Any) -> None:
    not_a_profile = (
        "This is not the link of a profile on Threads. "
        "Give the account's name or its profile link, such as https://threads.example/@nasa."
    )
    assert outcome["refusals"] == {
        "nasa": None,
        "na": '"na" cannot be a username on Threads: it has 3 to 30 letters, digits, periods and underscores.',
        "https://threads.example/search": not_a_profile,
        "https://threads.example/@nasa/post/1": not_a_profile,
        "https://x.com/nasa": "This is a link to X, but the job is for Threads.",
    }


def test_a_fifth_platforms_links_are_known_to_the_others(outcome: Any) -> None:
    assert outcome["elsewhere"] == "This is a link to Threads, but the job is for Instagram."


def test_a_fifth_platforms_credential_has_a_limit_of_its_own(outcome: Any) -> None:
    """Three jobs of each platform wait. Each credential allows two running jobs, so two of each platform start."""
    assert outcome["started"] == {"threads": 2, "instagram": 2}
