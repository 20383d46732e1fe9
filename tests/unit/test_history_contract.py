"""contracts/history.json: the points of accounts and videos. The functions are checked against it."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.factories import account, video, videos
from tests.harness import Harness
from tracking.accounts import Account, MediaType, Video

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contracts" / "history.json").read_text())
TYPES = {"int": int, "timestamp": datetime}
PLACE = {"orgId": "org1", "projectId": "project1", "accountId": account().account_id}
KINDS = ("account", "video")
NAMES = {"account": r"\d{4}-\d{2}|\d{4}", "video": r"\d{4}-\d{2}(-([2-9]|[1-9]\d+))?"}
"""The names that documents have."""
EXAMPLES = [(kind, example) for kind in KINDS for example in CONTRACT[kind]["valid"]]


def written(kind: str, harness: Harness) -> dict[str, dict[str, Any]]:
    return harness.store.get_documents(CONTRACT["collections"][kind].format_map(PLACE))


def track(harness: Harness, *served: Video, of: Account | None = None) -> None:
    harness.platform.account = of or account()
    harness.platform.videos = list(served)
    harness.run_chain(harness.claimed_job())


def assert_held(kind: str, name: str, document: dict[str, Any]) -> None:
    """Check a document's name, its points, and their types and nulls against the contract."""
    assert re.fullmatch(NAMES[kind], name)
    assert document
    assert isinstance(document.get("thinAt"), datetime | None)
    keys = document.keys() - {"thinAt"}
    if kind == "video":
        assert keys == {"v"}
        for days in document["v"].values():
            assert_days(name, days)
            for point in days.values():
                assert_values(dict(enumerate(CONTRACT["video"]["point"])), dict(enumerate(point)))
        return
    assert keys == {"days" if "-" in name else "weeks"}
    assert_days(name, document.get("days", {}))
    for key, point in [*document.get("days", {}).items(), *document.get("weeks", {}).items()]:
        assert_values(CONTRACT["account"]["point"], point)
        at = point["at"].astimezone(UTC)
        assert (name, key) in {(f"{at:%Y-%m}", f"{at:%d}"), (f"{at:%G}", f"{at:%V}")}


def assert_days(name: str, days: dict[str, Any]) -> None:
    assert all(date.fromisoformat(f"{name[:7]}-{key}") for key in days)


def assert_values(fields: dict[Any, Any], point: dict[Any, Any]) -> None:
    assert point.keys() == fields.keys()
    for key, value in point.items():
        if value is None:
            assert fields[key]["nullable"], key
        else:
            assert type(value) is TYPES[fields[key]["type"]], key
            assert not isinstance(value, int) or value >= 0


def test_points_of_several_months_are_held_to_the_contract(harness: Harness) -> None:
    for _ in range(70):
        track(harness, video(1), video(2, share_count=7))
        harness.clock.advance(86_400)
    for kind in KINDS:
        documents = written(kind, harness)
        assert list(documents) == ["2026-03", "2026-04", "2026-05"]
        for name, document in documents.items():
            assert_held(kind, name, document)


def test_points_of_unknown_values_are_held_to_the_contract(harness: Harness) -> None:
    bare = Video(video_id="bare", url="https://x", title="", caption="", media_type=MediaType.TEXT)
    hidden = Account(
        platform="instagram", platform_user_id="528817151", username="nasa", display_name="", profile_url="https://x"
    )
    track(harness, bare, of=hidden)
    for kind in KINDS:
        ((name, document),) = written(kind, harness).items()
        assert_held(kind, name, document)
    (point,) = written("account", harness)["2026-03"]["days"].values()
    assert {key for key, value in point.items() if value is None} == set("fgpvn") | {"tv"}
    assert written("video", harness)["2026-03"]["v"] == {"bare": {"01": [None] * 4}}


def test_further_documents_of_a_month_are_held_to_the_contract(harness: Harness) -> None:
    track(harness, *videos(501))
    documents = written("video", harness)
    assert list(documents) == ["2026-03", "2026-03-2"]
    for name, document in documents.items():
        assert_held("video", name, document)


def test_values_have_the_places_that_the_contract_gives_them(harness: Harness) -> None:
    served = account(follower_count=1, following_count=2, post_count=3, total_views=4)
    track(harness, of=served)
    harness.clock.advance(86_400)
    counts = {"view_count": 5, "like_count": 6, "comment_count": 7, "share_count": 8}
    track(harness, video(1, published_at=harness.clock.now(), **counts), of=served)
    assert named("account", written("account", harness)["2026-03"]["days"]["02"]) == {
        "at": harness.clock.now(),
        "followers": 1,
        "following": 2,
        "posts": 3,
        "views": 4,
        "newVideos": 1,
        "videoViews": 5,
    }
    (days,) = written("video", harness)["2026-03"]["v"].values()
    assert named("video", days["02"]) == {"views": 5, "likes": 6, "comments": 7, "shares": 8}


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=lambda value: value if value in KINDS else value["name"])
def test_valid_example_is_held_to_the_contract(kind: str, example: dict[str, Any]) -> None:
    document = stored(example["document"])
    assert_held(kind, example["id"], document)
    if kind == "account":
        of_days = {f"{example['id']}-{day}": point for day, point in document.get("days", {}).items()}
        of_weeks = {f"{point['at']:%Y-%m-%d}": point for point in document.get("weeks", {}).values()}
        read: dict[str, Any] = {day: known(kind, point) for day, point in (of_days | of_weeks).items()}
    else:
        month = example["id"][:7]
        read = {
            video_id: {f"{month}-{day}": known(kind, point) for day, point in days.items()}
            for video_id, days in document["v"].items()
        }
    assert read == stored(example["reads"])


def named(kind: str, point: Any) -> dict[str, Any]:
    """Return a point's values under the names that front ends give them."""
    fields = CONTRACT[kind]["point"]
    places = fields.keys() if kind == "account" else range(len(fields))
    return {fields[place]["name"]: point[place] for place in places}


def known(kind: str, point: Any) -> dict[str, Any]:
    return {name: value for name, value in named(kind, point).items() if value is not None}


def stored(value: Any, key: str = "") -> Any:
    """Return an example's value as it is stored."""
    if isinstance(value, dict):
        return {key: stored(part, key) for key, part in value.items()}
    return datetime.fromisoformat(value) if key == "at" else value
