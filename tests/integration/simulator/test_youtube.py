"""YouTube Data API v3 as the simulator serves it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.simulator.messages import sample
from tests.integration.simulator.calls import ALL_PARTS, channel, upload_pages


def reason(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["errors"][0]["reason"])


@pytest.mark.parametrize(
    "asked",
    [
        {"forHandle": "@GoogleDevelopers"},
        {"forHandle": "googledevelopers"},
        {"forUsername": "GoogleDevelopers"},
        {"id": "UC_x5XG1OV2P6uZZ5FSM9Ttw"},
    ],
)
def test_a_channel_is_found_by_handle_legacy_name_and_id(youtube: httpx.Client, asked: dict[str, str]) -> None:
    answer = youtube.get("/channels", params={"part": f"{ALL_PARTS},status", **asked})

    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json()["items"] == sample("youtube/GoogleDevelopers/channel.json")["items"]


def test_only_the_parts_asked_for_come(youtube: httpx.Client) -> None:
    answer = youtube.get("/channels", params={"part": "statistics", "forHandle": "CSPAN"})

    assert answer.json()["items"][0].keys() == {"kind", "etag", "id", "statistics"}


def test_a_part_asked_for_by_repeating_the_parameter_comes_too(youtube: httpx.Client) -> None:
    answer = youtube.get("/channels", params={"part": ["snippet", "statistics"], "forHandle": "c-span"})

    assert {"snippet", "statistics"} <= answer.json()["items"][0].keys()


def test_an_unknown_channel_is_an_answer_without_items(youtube: httpx.Client) -> None:
    answer = youtube.get("/channels", params={"part": "snippet", "forHandle": "nobody_of_this_name"})

    recording = sample("youtube/errors/channel_not_found_no_items_key_200.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])


@pytest.mark.parametrize(("asked", "known"), [("GoogleDevelopers", True), ("sim_videos_3", False)])
def test_only_old_channels_have_a_legacy_name(youtube: httpx.Client, asked: str, known: bool) -> None:
    answer = youtube.get("/channels", params={"part": "snippet", "forUsername": asked})

    assert ("items" in answer.json()) is known


@pytest.mark.parametrize("key", [None, "", "wrong-key"])
def test_a_missing_or_wrong_key_is_refused(youtube: httpx.Client, key: str | None) -> None:
    youtube.params = httpx.QueryParams({} if key is None else {"key": key})
    answer = youtube.get("/channels", params={"part": "snippet", "forHandle": "CSPAN"})

    recording = sample("youtube/errors/api_key_not_valid_400.json")
    assert (answer.status_code, answer.json()) == (recording["status"], recording["body"])


@pytest.mark.parametrize(
    ("path", "params", "status", "expected"),
    [
        ("/channels", {"part": "snippet"}, 400, "missingRequiredParameter"),
        ("/channels", {"forHandle": "CSPAN"}, 400, "missingRequiredParameter"),
        ("/channels", {"part": "snippets", "forHandle": "CSPAN"}, 400, "unknownPart"),
        ("/channels", {"part": "snippet", "forHandle": "CSPAN", "id": "UC1"}, 400, "incompatibleParameters"),
        ("/playlistItems", {"part": "snippet"}, 400, "missingRequiredParameter"),
        ("/playlistItems", {"part": "statistics", "playlistId": "UU1"}, 400, "unknownPart"),
        ("/playlistItems", {"part": "snippet", "playlistId": "UU1"}, 404, "playlistNotFound"),
        ("/videos", {"part": "snippet"}, 400, "missingRequiredParameter"),
        ("/videos", {"part": "snippet", "id": ",".join(str(n) for n in range(51))}, 400, "invalidFilters"),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    youtube: httpx.Client, path: str, params: dict[str, str], status: int, expected: str
) -> None:
    answer = youtube.get(path, params=params)

    assert (answer.status_code, reason(answer)) == (status, expected)
    assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [({"pageToken": "nonsense"}, "invalidPageToken"), ({"maxResults": "ten"}, "invalidParameter")],
)
def test_a_page_that_cannot_be_is_refused(youtube: httpx.Client, wrong: dict[str, str], expected: str) -> None:
    params = {"part": "snippet", "playlistId": "UU_x5XG1OV2P6uZZ5FSM9Ttw", **wrong}
    answer = youtube.get("/playlistItems", params=params)

    assert (answer.status_code, reason(answer)) == (400, expected)


def test_the_recorded_uploads_page_comes_back_as_recorded(youtube: httpx.Client) -> None:
    recording = sample("youtube/GoogleDevelopers/uploads_page1.json")
    (page,) = upload_pages(youtube, "GoogleDevelopers", size=5)

    assert page | {"etag": ""} == recording | {"etag": ""}


@pytest.mark.parametrize(("asked", "given"), [({}, 5), ({"maxResults": "12"}, 12), ({"maxResults": "500"}, 50)])
def test_page_holds_five_unless_asked_and_at_most_fifty(
    youtube: httpx.Client, asked: dict[str, str], given: int
) -> None:
    uploads = channel(youtube, "sim_videos_60")["contentDetails"]["relatedPlaylists"]["uploads"]
    page = youtube.get("/playlistItems", params={"part": "contentDetails", "playlistId": uploads, **asked}).json()

    assert len(page["items"]) == page["pageInfo"]["resultsPerPage"] == given


def test_videos_come_as_recorded_without_unknown_ids(youtube: httpx.Client) -> None:
    recording: list[dict[str, Any]] = sample("youtube/GoogleDevelopers/videos_assembled.json")["items"]
    ids = [recording[3]["id"], "unknown-idX", recording[0]["id"], recording[3]["id"]]
    answer = youtube.get("/videos", params={"part": ALL_PARTS, "id": ",".join(ids)}).json()

    assert answer["items"] == [recording[3], recording[0]]


@pytest.mark.parametrize("count", [0, 1, 501, 5000])
def test_every_video_of_an_account_comes_exactly_once(youtube: httpx.Client, count: int) -> None:
    found: list[str] = []
    for page in upload_pages(youtube, f"sim_videos_{count}"):
        ids = [item["contentDetails"]["videoId"] for item in page["items"]]
        answer = youtube.get("/videos", params={"part": "statistics", "id": ",".join(ids)}).json()
        assert [video["id"] for video in answer["items"]] == ids
        found += ids

    assert len(found) == len(set(found)) == count
    assert channel(youtube, f"sim_videos_{count}")["statistics"]["videoCount"] == str(count)


def test_an_unknown_path_is_a_page_of_html(youtube: httpx.Client) -> None:
    answer = youtube.get("/search", params={"part": "snippet"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
