"""Events: what becomes news of a job, an account and its videos, in which commit, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from process import account_news
from tests.doubles import START
from tests.factories import account, video, videos
from tests.harness import Harness, lambda_cause
from tests.past_days import ACCOUNT
from tracking import endings, events, jobs
from tracking.accounts import Video
from tracking.errors import (
    AccountNotFoundError,
    AccountPrivateError,
    AccountSuspendedError,
    PlatformUnavailableError,
    TrackingError,
)
from tracking.events import KEPT, MAX_PAYLOAD_BYTES, Event, EventType, event_id
from tracking.history import milestones
from tracking.history.past import Past
from tracking.jobs import Fields, Status
from tracking.refreshes import Cadence
from tracking.sentences import Sentence
from tracking.store import MAX_WRITES_PER_COMMIT, OUTBOX, DocumentWrite, EndingWrite, JobWrite, WriteRefusedError
from tracking.store.memory import MemoryStore

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contracts" / "events.json").read_text())
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "number": (int, float),
    "map": (dict,),
    "videos": (list,),
}
DAY = timedelta(days=1)
FAILURE = jobs.fail(Status.PROCESSING, START, Sentence("Why."), "ContractError")
COMPLETION = jobs.complete(START, Sentence("Done."), "tiktok_1")
TRACKED = DocumentWrite("accounts/tiktok_1", {"lastJobId": "job1"})
JOB: Fields = {
    "orgId": "org1",
    "projectId": "project1",
    "userId": "user1",
    "username": "@nasa",
    "platform": "tiktok",
    "accountType": "my",
    "attempt": 2,
}
EXECUTION = "tiktok-nasa-job1-2-0123456789abcdef0123"


@pytest.fixture
def harness() -> Harness:
    """A daily account with 60 videos, an hour to sixty days old, that a job has fetched. The outbox is empty."""
    tracked = Harness(videos=aged(60), news=True)
    tracked.refresh_by_default(Cadence.DAILY)
    tracked.run_chain(tracked.claimed_job())
    forget(tracked)
    return tracked


def aged(count: int, **fields: Any) -> list[Video]:
    return [video(n, published_at=START - timedelta(days=n - 1, hours=1), **fields) for n in range(1, count + 1)]


def outbox(harness: Harness) -> dict[str, dict[str, Any]]:
    """Return the data of each event by its type, held to the contract. Two events of one type are a failure."""
    payloads = [held(one) for one in harness.store.get_documents(OUTBOX).values()]
    told = {payload["type"]: payload["data"] for payload in payloads}
    assert len(told) == len(payloads)
    return told


def held(document: Fields) -> dict[str, Any]:
    """Check an event's document against the contract, and return its payload."""
    assert_fields(CONTRACT["document"], document)
    assert_fields(CONTRACT["event"], document["event"])
    assert document["expireAt"] == document["event"]["occurredAt"] + KEPT
    payload: dict[str, Any] = json.loads(document["event"]["payload"])
    assert_payload(payload)
    for name in ("orgId", "projectId"):
        assert payload["data"][name] == document["event"][name]
    assert (payload["type"], payload["data"].get("userId")) == (document["event"]["type"], document["event"]["userId"])
    assert datetime.fromisoformat(payload["timestamp"]) == document["event"]["occurredAt"]
    return payload


def assert_payload(payload: Fields) -> None:
    assert_fields(CONTRACT["payload"], payload)
    assert_fields(CONTRACT["types"][payload["type"]]["data"], payload["data"])
    for one in payload["data"].get("videos", ()):
        assert_fields(CONTRACT["videos"][payload["type"]], one)


def assert_fields(types: dict[str, str], found: Fields) -> None:
    assert found.keys() == types.keys()
    for name, value in found.items():
        kind = types[name].removesuffix("?")
        if value is None:
            assert types[name].endswith("?"), name
        elif kind == "timestamp":
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            assert moment.utcoffset() == timedelta(0), name
        else:
            assert type(value) in TYPES[kind], name


def forget(harness: Harness) -> None:
    harness.memory.delete_each(harness.memory.documents_in(OUTBOX, 500))


def news(harness: Harness) -> dict[str, dict[str, Any]]:
    """Return the data of the events since the last call, by the type without `tracking.`."""
    told = {name.removeprefix("tracking."): data for name, data in outbox(harness).items()}
    forget(harness)
    return told


def document(harness: Harness) -> dict[str, Any]:
    return harness.store.get_document(ACCOUNT) or {}


def begin(harness: Harness) -> dict[str, Any]:
    """Go to the account's next time, and return the input of its refresh's execution."""
    due_at: datetime = document(harness)["nextRefreshAt"]
    harness.clock.advance((due_at - harness.clock.now()).total_seconds())
    (job,) = harness.refresh_tick()
    return job


def refresh(harness: Harness, **fields: Any) -> dict[str, dict[str, Any]]:
    """Run the account's next refresh, and return its news. `fields`: of the account as it is served."""
    harness.platform.account = replace(harness.platform.account, **fields)
    harness.run_chain(begin(harness))
    return news(harness)


def fail(harness: Harness, error: TrackingError) -> dict[str, dict[str, Any]]:
    """Run a refresh that fails at its first call, and return its news."""
    job = begin(harness)
    harness.platform.failures = [error]
    with pytest.raises(type(error)):
        harness.run_state("FetchAccount", job)
    harness.fail_job(job, type(error).__name__, lambda_cause(error))
    return news(harness)


def ending(**job: Any) -> EndingWrite:
    return endings.ending("job1", JOB | job, FAILURE, "v", news=True, execution=EXECUTION)


# The contract


def test_the_contract_has_every_type_with_an_example() -> None:
    assert list(CONTRACT["types"]) == list(EventType)
    assert (CONTRACT["collection"], CONTRACT["videos"].keys()) == (
        OUTBOX,
        {name for name, one in CONTRACT["types"].items() if "videos" in one["data"]},
    )


@pytest.mark.parametrize("event_type", EventType)
def test_an_example_is_held_to_the_contract(event_type: EventType) -> None:
    example = CONTRACT["types"][event_type]["example"]
    assert example["type"] == event_type
    assert_payload(example)
    data = example["data"]
    event = Event(
        event_id="x",
        type=event_type,
        org_id=data["orgId"],
        project_id=data["projectId"],
        user_id=data.get("userId"),
        occurred_at=datetime.fromisoformat(example["timestamp"]),
        data=data,
    )
    assert held(event.to_write().fields) == example


# The event of a job's end


def test_a_jobs_end_tells_what_became_of_it() -> None:
    completing = endings.ending("job1", JOB, COMPLETION, "v", TRACKED, news=True, execution=EXECUTION)
    (event,) = completing.riders
    assert event.path == "outbox/job1-2-0123456789abcdef0123-completed"
    assert event.fields == {
        "event": {
            "orgId": "org1",
            "projectId": "project1",
            "userId": "user1",
            "type": "tracking.job.completed",
            "occurredAt": START,
            "payload": event.fields["event"]["payload"],
        },
        "dueAt": START,
        "expireAt": START + KEPT,
    }
    assert event.fields["event"]["payload"] == (
        '{"type":"tracking.job.completed","timestamp":"2026-03-01T12:00:00Z","data":{"jobId":"job1","attempt":2,'
        '"orgId":"org1","projectId":"project1","userId":"user1","username":"@nasa","platform":"tiktok",'
        '"accountType":"my","message":"Done.","accountId":"tiktok_1"}}'
    )


def test_a_failed_job_tells_why() -> None:
    (event,) = ending().riders
    data = held(event.fields)["data"]
    assert (data["message"], data["errorCode"]) == ("Why.", "ContractError")
    assert "accountId" not in data


@pytest.mark.parametrize("order", ["refresh", "refreshOrder"])
def test_the_end_of_a_refresh_is_no_news(order: str) -> None:
    assert ending(**{order: {"mode": "full"}}).riders == ()


@pytest.mark.parametrize("field", ["orgId", "projectId"])
@pytest.mark.parametrize("value", [None, "", 7, "a/b", "..", "x" * 129, ["org1"]])
def test_a_malformed_job_of_nobody_is_no_news(field: str, value: object) -> None:
    """Nobody could be told, and the job ends all the same."""
    assert ending(**{field: value}).riders == ()


@pytest.mark.parametrize("value", [None, 7, "", {"x": 1}, [1], "a/b", "x" * 500])
def test_what_is_malformed_in_a_job_is_null_or_cut(value: object) -> None:
    (event,) = ending(userId=value, username=value, platform=value, accountType=value, attempt=value).riders
    data = held(event.fields)["data"]
    assert (data["userId"], data["platform"], data["accountType"], data["attempt"]) == (
        None,
        None,
        None,
        value if value == 7 else 0,
    )
    assert data["username"] == (value[:100] if isinstance(value, str) else None)


def test_a_payload_of_the_longest_values_is_small() -> None:
    """Each control character is six bytes of JSON, and each rocket twelve."""
    longest = {"orgId": "🚀" * 128, "projectId": "🚀" * 128, "userId": "🚀" * 128, "username": "🚀" * 100}
    failed = jobs.fail(Status.PROCESSING, START, Sentence("\x01" * 1_500), "AccountSuspendedError")
    for job_id in ("\x01" * 1_500, "🚀" * 375):
        (event,) = endings.ending(job_id, JOB | longest, failed, "v", news=True, execution=EXECUTION).riders
        payload = event.fields["event"]["payload"]
        assert payload.isascii()
        assert len(payload) <= MAX_PAYLOAD_BYTES
        assert json.loads(payload)["data"]["jobId"] == job_id


# Ids


def test_ids_are_safe_in_a_path_a_header_and_a_signature() -> None:
    """A signature joins id, time and body by full stops. An id of the longest job's id must still name a document."""
    for job_id in ("a.b c\r\n🚀", "__x__", "\x01" * 1_500):
        found = event_id(job_id, 1, EXECUTION, EventType.JOB_FAILED)
        assert set(found) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
        assert len(found) <= 120


def test_every_attempt_and_life_of_a_job_has_its_own_event(harness: Harness) -> None:
    """The job fails, is retried and fails; it is deleted, created again with its id, and fails."""
    job = harness.claimed_job()
    job_id = job["jobId"]
    for life in (1, 2):
        for attempt in (1, 2):
            harness.fail_job(job, "ContractError", "{}")
            assert harness.document(job_id)["status"] == "failed"
            assert len(harness.store.get_documents(OUTBOX)) == 2 * life - 2 + attempt
            harness.memory.touch(job_id, **jobs.retry(Status.FAILED, harness.clock.now()).fields)
            if attempt == 2:
                harness.memory.delete_job(job_id)
                harness.memory.touch(job_id, **jobs.new(**NEW, now=harness.clock.now()))
            before = set(harness.executions.started)
            harness.tick()
            (name,) = set(harness.executions.started) - before
            job = dict(harness.executions.started[name])
            harness.executions.started = {name: job}


NEW: Any = {
    "org_id": "org1",
    "project_id": "project1",
    "user_id": "user1",
    "username": "nasa",
    "platform": jobs.PlatformName.INSTAGRAM,
    "account_type": jobs.AccountType.MY,
}


def test_every_refusal_of_a_malformed_job_has_its_own_event(harness: Harness) -> None:
    """No attempt began in between, so the number of the attempt does not tell them apart."""
    job_id = harness.add_job(username=7)
    harness.tick()
    harness.memory.touch(job_id, **jobs.retry(Status.FAILED, harness.clock.now()).fields)
    harness.tick()
    assert harness.document(job_id)["status"] == "failed"
    assert len(harness.store.get_documents(OUTBOX)) == 2


# Off


def test_without_news_nothing_is_written_and_nothing_remembered() -> None:
    """The same events as elsewhere here, on two harnesses: apart from the outbox, only what was told differs."""
    documents = []
    for is_on in (False, True):
        harness = Harness(videos=aged(20, view_count=1_000), news=is_on)
        harness.refresh_by_default(Cadence.DAILY)
        harness.run_chain(harness.claimed_job())
        harness.platform.videos = [video(0, published_at=START, view_count=9_000), *aged(20, view_count=1_000)]
        harness.platform.account = replace(harness.platform.account, follower_count=100_000_000)
        harness.run_chain(begin(harness))
        documents.append({path: one.data for path, one in harness.memory._documents.items()})
    without, with_ = documents
    told = {path for path in with_ if path.startswith(f"{OUTBOX}/")}
    assert len(told) == 4
    assert without.keys() == with_.keys() - told
    index = f"{ACCOUNT}/videoIndex/1"
    assert with_[index]["v"]["video00000"].pop("o") == 5
    assert with_[f"{ACCOUNT}/accountHistory/2026-03"]["days"]["02"].pop("m") == 100_000_000
    tracked = {path for path in without if path.startswith("organizations/")}
    assert {path: with_[path] for path in tracked} == {path: without[path] for path in tracked}


# Accounts


def test_a_first_fetch_is_no_news_but_of_its_job() -> None:
    """Everything is new: 60 videos, outliers among them, and 97 million followers."""
    first = Harness(videos=[video(1, view_count=90_000), *aged(60)[1:]], news=True)
    first.run_chain(first.claimed_job())
    assert outbox(first).keys() == {"tracking.job.completed"}


def test_a_refresh_that_finds_no_news_writes_none(harness: Harness) -> None:
    assert refresh(harness) == {}


def test_a_refresh_that_a_member_asked_for_is_told(harness: Harness) -> None:
    harness.clock.advance(3_600)
    now = harness.clock.now()
    harness.store.update_each([DocumentWrite(ACCOUNT, {"nextRefreshAt": now, "refreshAskedAt": now})])
    assert refresh(harness) == {
        "account.refreshed": {
            "orgId": "org1",
            "projectId": "project1",
            "accountId": "instagram_528817151",
            "platform": "instagram",
            "username": "nasa",
            "followerCount": 97_000_000,
            "postCount": 4_000,
            "totalViews": None,
        }
    }
    assert refresh(harness) == {}


def test_a_rename_is_told_once(harness: Harness) -> None:
    told = refresh(harness, username="nasa2")
    assert (told["account.renamed"]["before"], told["account.renamed"]["after"]) == ("nasa", "nasa2")
    assert refresh(harness) == {}


@pytest.mark.parametrize(("error", "reason"), [(AccountPrivateError, "private"), (AccountSuspendedError, "suspended")])
def test_an_account_that_goes_and_comes_back_is_told(harness: Harness, error: type[TrackingError], reason: str) -> None:
    told = fail(harness, error(Sentence("Gone.")))
    assert told.keys() == {"account.unavailable"}
    assert (told["account.unavailable"]["reason"], told["account.unavailable"]["accountId"]) == (
        reason,
        "instagram_528817151",
    )
    assert fail(harness, error(Sentence("Gone."))) == {}  # it still is
    since = document(harness)["unavailableSince"]
    back = refresh(harness)["account.recovered"]
    assert (back["reason"], back["since"]) == (reason, since.isoformat().replace("+00:00", "Z"))
    assert refresh(harness) == {}


def test_an_account_that_is_missing_is_told_when_it_is_believed(harness: Harness) -> None:
    missing = AccountNotFoundError(Sentence("No such account."))
    assert [set(fail(harness, missing)) for _ in range(4)] == [set(), set(), {"account.unavailable"}, set()]


def test_a_refresh_that_fails_by_our_fault_is_no_news(harness: Harness) -> None:
    assert fail(harness, PlatformUnavailableError(Sentence("Down."))) == {}


def test_a_spike_is_told_once_a_day(harness: Harness) -> None:
    for day in range(20):
        assert refresh(harness, follower_count=97_000_000 + 100 * (day % 3)) == {}
    told = refresh(harness, follower_count=99_000_000)["account.spike"]["spikes"]
    assert told == {"followers": {"day": f"{harness.clock.now():%Y-%m-%d}", "change": 1_999_900, "usual": 100}}
    harness.clock.advance(3_600)  # a user's job of the same day finds the same spike
    harness.run_chain(harness.claimed_job())
    assert news(harness).keys() == {"job.completed"}


@pytest.mark.parametrize("odd", ["x", 7, [1], {"x": 1}, {"day": 5}])
def test_odd_spikes_keep_no_job_from_ending(harness: Harness, odd: object) -> None:
    harness.store.update_each([DocumentWrite(ACCOUNT, {"spikes": {}})])
    harness.store.update_each([DocumentWrite(ACCOUNT, {"spikes": {"followers": odd, "views": odd}})])
    harness.run_chain(harness.claimed_job())
    assert news(harness).keys() == {"job.completed"}


def test_a_milestone_is_told_once(harness: Harness) -> None:
    assert refresh(harness, follower_count=99_999_999) == {}
    told = refresh(harness, follower_count=100_400_000)["account.milestone"]
    assert (told["followers"], told["followerCount"]) == (100_000_000, 100_400_000)
    assert refresh(harness, follower_count=99_000_000) == {}
    assert refresh(harness, follower_count=101_000_000) == {}  # passed again


def test_a_milestone_passed_often_in_a_day_is_told_once(harness: Harness) -> None:
    """Each fetch replaces the day's count, so the counts alone do not say that the milestone was reached before."""
    assert refresh(harness, follower_count=99_999_990) == {}
    told = []
    for followers in (100_000_005, 99_999_998, 100_000_003, 99_999_999, 100_000_001):
        harness.clock.advance(1_800)
        harness.platform.account = replace(harness.platform.account, follower_count=followers)
        harness.run_chain(harness.claimed_job())
        told.append("account.milestone" in news(harness))
    assert told == [True, False, False, False, False]
    assert refresh(harness, follower_count=99_000_000) == {}
    assert refresh(harness, follower_count=100_000_001) == {}  # on another day


@pytest.mark.parametrize(
    ("before", "now", "passed"),
    [
        (None, 5_000, None),
        (999, 999, None),
        (999, 1_000, 1_000),
        (1_000, 1_001, None),
        (1_001, 2_499, None),
        (2_499, 2_500, 2_500),
        (900, 7_000, 5_000),  # several at once: the largest
        (9_999, 10_000, 10_000),
        (24_999, 25_000, 25_000),
        (6_000, 4_000, None),
        (0, 999, None),
        (500, None, None),
    ],
)
def test_milestones_are_round_numbers(before: int | None, now: int | None, passed: int | None) -> None:
    past = Past(account={START.date(): {"at": START, "f": before}})
    assert milestones.passed(past, now) == passed


def test_a_milestone_passed_in_a_long_pause_is_told() -> None:
    """There is no point of the last 35 days; the account's document has the counts of its last fetch."""
    assert milestones.passed(Past(document={"recentFollowers": [900, None, 950]}), 1_200) == 1_000
    assert milestones.passed(Past(document={"recentFollowers": [900, 1_100]}), 1_200) is None
    assert milestones.passed(Past(document={"recentFollowers": "odd"}), 1_200) is None


# Videos


def test_published_videos_are_told_once(harness: Harness) -> None:
    at = START + timedelta(hours=2)
    old = video(90, published_at=START - 3 * DAY)  # it was hidden until now
    harness.platform.videos = [video(0, published_at=at), old, *harness.platform.videos]
    told = refresh(harness)["video.published"]
    assert told["total"] == 1
    assert told["videos"] == [
        {
            "videoId": "video00000",
            "url": "https://www.instagram.com/p/video00000/",
            "title": "Video 0",
            "mediaType": "video",
            "publishedAt": "2026-03-01T14:00:00Z",
            "viewCount": 1_000,
        }
    ]
    assert refresh(harness) == {}


def test_an_event_names_some_of_many_videos(harness: Harness) -> None:
    """Links that are too long are left out, and titles cut: the payload stays small."""
    new = [
        video(100 + n, published_at=START + timedelta(hours=2), title="🚀" * 5_000, url="https://x/" + "y" * length)
        for n, length in enumerate([400, 600] * 15)
    ]
    harness.platform.videos = [*new, *harness.platform.videos]
    told = refresh(harness)["video.published"]
    assert told["total"] == 30
    assert 10 <= len(told["videos"]) < account_news.MOST_VIDEOS
    assert MAX_PAYLOAD_BYTES - 3_000 < len(json.dumps(told)) <= MAX_PAYLOAD_BYTES
    assert {one["url"] is None for one in told["videos"]} == {True, False}


def test_outliers_are_told_at_each_level_once(harness: Harness) -> None:
    served = aged(60, view_count=1_000)
    harness.platform.videos = served
    refresh(harness)
    told = []
    for views in (1_900, 2_100, 1_900, 2_200, 4_900, 20_000, 30_000, 1_900, 2_100, 20_000):
        served[0] = replace(served[0], view_count=views)
        found = refresh(harness).get("video.outlier")
        told.append([(one["multiplier"], one["level"]) for one in found["videos"]] if found else [])
    assert told == [[], [(2.1, 2)], [], [], [], [(20.0, 10)], [], [], [], []]


def test_a_new_video_can_be_an_outlier_at_once(harness: Harness) -> None:
    harness.platform.videos = [video(0, published_at=START + DAY, view_count=6_500), *harness.platform.videos]
    told = refresh(harness)
    assert told.keys() == {"video.published", "video.outlier"}
    assert told["video.outlier"]["videos"][0]["level"] == 5


def test_known_outliers_are_no_news_when_news_is_switched_on() -> None:
    served = [video(1, published_at=START, view_count=9_000), *aged(30, view_count=1_000)[1:]]
    harness = Harness(videos=served)
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    harness.process_deps = replace(harness.process_deps, news=True)
    assert refresh(harness) == {}
    harness.platform.videos = [replace(served[0], view_count=11_000), *served[1:]]
    assert refresh(harness)["video.outlier"]["videos"][0]["level"] == 10


def test_old_videos_whose_views_become_known_are_no_news() -> None:
    """A platform begins to report the views of what was published two months ago, and of what is two days old."""
    served = aged(50, view_count=1_000)
    hidden = [video(100 + n, published_at=START - timedelta(days=10 + n), view_count=None) for n in range(10)]
    young = video(200, published_at=START - timedelta(days=2), view_count=None)
    harness = Harness(videos=[*served, *hidden, young], news=True)
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    forget(harness)
    harness.platform.videos = [*served, *(replace(one, view_count=9_000) for one in [*hidden, young])]
    harness.clock.advance(86_400)
    harness.run_chain(harness.claimed_job())
    assert [one["videoId"] for one in news(harness)["video.outlier"]["videos"]] == ["video00200"]
    harness.platform.videos = [*served, *(replace(one, view_count=11_000) for one in [*hidden, young])]
    harness.clock.advance(86_400)
    harness.run_chain(harness.claimed_job())
    assert news(harness)["video.outlier"]["total"] == 11  # all rise to the next level


def test_an_outlier_by_a_new_median_is_told() -> None:
    """Six videos with few views have become old enough to count, so the same views are far more than usual."""
    young = [video(n, published_at=START - timedelta(days=6, hours=12, minutes=n), view_count=100) for n in range(2, 8)]
    old = [video(n, published_at=START - timedelta(days=n), view_count=1_000) for n in range(10, 16)]
    tracked = Harness(videos=[video(1, published_at=START, view_count=1_900), *young, *old], news=True)
    tracked.refresh_by_default(Cadence.DAILY)
    tracked.run_chain(tracked.claimed_job())
    forget(tracked)
    assert [one["videoId"] for one in refresh(tracked)["video.outlier"]["videos"]] == ["video00001"]


def test_vanished_videos_are_told_once(harness: Harness) -> None:
    harness.platform.account = replace(harness.platform.account, post_count=59)
    lost, *kept = harness.platform.videos
    harness.platform.videos = kept
    harness.clock.advance(86_400)
    harness.run_chain(harness.claimed_job())
    assert news(harness).keys() == {"job.completed"}  # one answer is not believed
    harness.clock.advance(86_400)
    harness.run_chain(harness.claimed_job())
    told = news(harness)["video.vanished"]
    assert (told["total"], [one["videoId"] for one in told["videos"]]) == (1, [lost.video_id])
    harness.clock.advance(86_400)
    harness.run_chain(harness.claimed_job())
    assert news(harness).keys() == {"job.completed"}


# Commits


class Commits(MemoryStore):
    """A store that keeps the paths of each commit, and refuses from a given one on to answer."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness.clock)
        self.commits: list[list[str]] = []
        self.last = 10**6  # the number of the last commit that is made

    def commit(self, job: JobWrite, documents: Any = ()) -> str:
        if len(self.commits) >= self.last:
            raise PlatformUnavailableError(Sentence("Killed."))
        version = super().commit(job, documents)
        self.commits.append([document.path for document in (*job.companions, *documents)])
        return version


def test_events_are_in_the_commit_of_what_they_tell() -> None:
    """One commit: the account with its point, the new video with its index, and the events of them all."""
    harness = Harness(news=True)
    store = Commits(harness)
    harness.use(store)
    harness.platform.videos = aged(20)
    harness.refresh_by_default(Cadence.DAILY)
    harness.run_chain(harness.claimed_job())
    harness.platform.videos = [video(0, published_at=START, view_count=9_000), *aged(20)]
    store.commits.clear()
    refresh(harness, follower_count=100_000_000)
    (commit,) = store.commits
    assert {path.rpartition("-")[2] for path in commit if path.startswith(OUTBOX)} == {
        "milestone",
        "published",
        "outlier",
    }
    assert {ACCOUNT, f"{ACCOUNT}/videoIndex/1", f"{ACCOUNT}/videos/video00000"} <= set(commit)


@pytest.mark.parametrize("count", range(490, 498))
def test_events_have_room_in_the_completing_commit(count: int) -> None:
    harness = Harness(news=True)
    store = Commits(harness)
    harness.use(store)
    harness.platform.videos = videos(count)
    harness.run_chain(harness.claimed_job())
    harness.platform.account = account(follower_count=100_000_000)
    harness.run_chain(harness.claimed_job())
    assert sum("milestone" in path for path in store.commits[-1]) == 1
    assert max(1 + len(commit) for commit in store.commits) <= MAX_WRITES_PER_COMMIT


@pytest.mark.parametrize("count", [7, 8, 9])
@pytest.mark.parametrize("killed_after", range(6))
def test_news_of_a_large_chunk_is_not_lost_by_a_kill(killed_after: int, count: int) -> None:
    """The chunk takes several commits. Whichever is the last one, the next run tells what is new, with the same id."""
    harness = Harness(news=True)
    store = Commits(harness)
    harness.use(store)
    harness.process_deps = replace(harness.process_deps, limits=replace(harness.limits, documents_per_commit=4))
    harness.platform.videos = videos(count)
    harness.run_chain(harness.claimed_job())
    harness.clock.advance(86_400)
    forget(harness)
    harness.platform.videos = [video(50, published_at=harness.clock.now()), *videos(count)]
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    store.last = len(store.commits) + killed_after
    try:
        harness.run_state("SaveVideos", state)
    except PlatformUnavailableError:
        store.last = 10**6
        harness.run_state("SaveVideos", state)
    assert news(harness).keys() == {"job.completed", "video.published"}


@pytest.mark.parametrize("killed_after", range(3))
def test_a_kill_between_two_index_parts_takes_nothing_back(killed_after: int) -> None:
    """Ten of 30 new videos are in the first part, which was written. The next run tells the others alone."""
    harness = Harness(news=True)
    store = Commits(harness)
    harness.use(store)
    harness.process_deps = replace(harness.process_deps, limits=replace(harness.limits, documents_per_commit=263))
    known = [video(1_000 + n, published_at=START - timedelta(hours=24 + n)) for n in range(490)]
    harness.platform.videos = known
    harness.run_chain(harness.claimed_job())
    harness.clock.advance(86_400)
    forget(harness)
    harness.platform.videos = [*[video(n, published_at=harness.clock.now()) for n in range(30)], *known]
    state = harness.run_chain(harness.claimed_job(), until="FetchVideos")
    store.last = len(store.commits) + killed_after
    with pytest.raises(PlatformUnavailableError):
        harness.run_state("SaveVideos", state)
    store.last = 10**6
    harness.run_state("SaveVideos", state)
    published = [one for name, one in harness.store.get_documents(OUTBOX).items() if name.endswith("published")]
    totals = sorted(held(one)["data"]["total"] for one in published)
    assert totals == ([20, 30] if killed_after == 2 else [30])


def test_a_chunk_that_is_not_the_last_one_has_news(harness: Harness) -> None:
    """Each chunk tells of its own videos, by an event of its own."""
    harness.process_deps = replace(harness.process_deps, limits=replace(harness.limits, videos_per_chunk=20))
    harness.clock.advance(86_400)
    harness.platform.page_size = 20
    new = [video(100 + n, published_at=START + timedelta(hours=2)) for n in range(30)]
    harness.platform.videos = [*new, *aged(10)]
    harness.run_chain(harness.claimed_job())
    ids = [name for name in harness.store.get_documents(OUTBOX) if "published" in name]
    assert sorted(name.partition("published")[2] for name in ids) == ["", "-2"]
    totals = [
        json.loads(one["event"]["payload"])["data"]["total"]
        for name, one in harness.store.get_documents(OUTBOX).items()
        if name in ids
    ]
    assert sorted(totals) == [10, 20]


@pytest.mark.parametrize("word", ["milestone", "completed"])
def test_a_refused_event_keeps_no_job_from_ending(word: str) -> None:
    class Refusing(MemoryStore):
        def commit(self, job: JobWrite, documents: Any = ()) -> str:
            if any(one.path.endswith(f"-{word}") for one in (*job.companions, *documents)):
                raise WriteRefusedError(word)
            return super().commit(job, documents)

    harness = Harness(news=True)
    harness.use(Refusing(harness.clock))
    harness.platform.videos = aged(20)
    harness.process_deps = replace(harness.process_deps, news=False)
    harness.run_chain(harness.claimed_job())
    harness.process_deps = replace(harness.process_deps, news=True)
    harness.platform.account = account(follower_count=100_000_000)
    job = harness.claimed_job()
    harness.run_chain(job)
    assert harness.document(job["jobId"])["status"] == "completed"


def test_an_event_without_videos_is_never_cut() -> None:
    event = Event(
        event_id="x",
        type=EventType.ACCOUNT_RENAMED,
        org_id="o",
        project_id="p",
        user_id=None,
        occurred_at=START,
        data={"before": "x" * 30_000},
    )
    assert len(event.payload()) > MAX_PAYLOAD_BYTES
    assert account().username == "nasa"
    assert events.short("🚀" * 200) == "🚀" * 99 + "…"
