"""Days that pass: the running stack's own refreshes fetch what the simulator serves on the new day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import httpx

from local import made_up, passing
from local.day_counter import DayCounter
from tests.e2e.running import Document, Project, RunningStack
from tracking.store import account_path

ACCOUNT = "twitter_17880989"
DAY = timedelta(days=1)


def test_a_day_adds_what_the_platform_served(running: RunningStack, project: Project, counter: DayCounter) -> None:
    project.ended([project.add_job("NatComm", "twitter")])
    path = account_path(project.org_id, project.project_id, ACCOUNT)
    assert made_up.write_past(running.store, path, datetime.now().astimezone()) == made_up.DAYS - made_up.GAP_DAYS
    account, before, served = project.account(ACCOUNT), points(running, path), followers(running)
    videos = project.videos(ACCOUNT)

    passed = passing.pass_day(running.state, [passing.Project(project.org_id, project.project_id)])

    assert passed == passing.Passed(day=1, fetched=1, waiting=0)
    assert counter.today().day == 1
    after, later = points(running, path), project.account(ACCOUNT)
    today = max(after)
    assert {found - DAY for found in before} | {today} == after.keys()
    assert after[today - DAY] == before[max(before)] | {"at": before[max(before)]["at"] - DAY}
    assert after[today]["f"] == followers(running)
    assert later["growth"]["f1"] == followers(running) - served
    assert later["growth"]["since"] == (date.fromisoformat(account["growth"]["since"]) - DAY).isoformat()
    assert later["dateAdded"] == account["dateAdded"] - DAY
    assert later["lastSyncedAt"] > account["lastSyncedAt"]
    now = project.videos(ACCOUNT)
    assert len(now.keys() - videos.keys()) >= 1
    assert all(now[name]["publishedAt"] == videos[name]["publishedAt"] - DAY for name in videos)


def points(running: RunningStack, path: str) -> dict[date, Document]:
    months = running.store.get_documents(f"{path}/accountHistory").items()
    return {date.fromisoformat(f"{month}-{key}"): point for month, one in months for key, point in one["days"].items()}


def followers(running: RunningStack) -> int:
    """Return the number that the simulator serves now."""
    url = f"{running.state.simulator()}/x/2/users/by/username/NatComm?user.fields=public_metrics"
    answer: Any = httpx.get(url, headers={"Authorization": "Bearer key"}, trust_env=False).json()
    return int(answer["data"]["public_metrics"]["followers_count"])
