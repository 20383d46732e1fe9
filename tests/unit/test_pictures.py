"""The pictures function: which pictures are copied, under which names, and what becomes of old copies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bench.lambda_context import FakeContext
from pictures.app import RESERVE_S, handler
from pictures.copying import CONTROL_DOCUMENT
from tests.doubles import ManualClock
from tests.factories import account, video
from tests.harness import Harness
from tests.metrics import printed_metrics
from tests.pictures import opened, picture
from tracking.errors import InvalidJobError, StoreUnavailableError
from tracking.jobs import Status
from tracking.pictures import Copy, PictureRefusedError, name_of, source_of
from tracking.sentences import Sentence
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.wiring import PicturesDeps

URL = "https://d111.cloudfront.example"
ACCOUNTS = "organizations/org1/projects/project1/trackedAccounts"
ACCOUNT = f"{ACCOUNTS}/instagram_528817151"
AVATAR = "https://scontent-1.cdninstagram.com/v/t51/nasa.jpg?oh=1&oe=2"
KEPT_FOR = timedelta(days=100)
RED = picture()


@dataclass
class FakeWeb:
    """The platforms' servers. A picture that is an error is raised."""

    clock: ManualClock
    pictures: dict[str, bytes | Exception] = field(default_factory=dict)  # by the path's last part
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    takes_s: float = 0

    def fetch(self, url: str, hosts: tuple[str, ...]) -> bytes:
        self.asked.append((url, hosts))
        self.clock.advance(self.takes_s)
        found = self.pictures.get(url.partition("?")[0].rpartition("/")[2], RED)
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class FakeCopies:
    stored: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    puts: int = 0
    failure: Exception | None = None

    def keep(self, name: str, body: bytes, since: datetime, now: datetime) -> datetime:
        if self.failure:
            raise self.failure
        if name in self.stored and self.stored[name][1] > since:
            return self.stored[name][1]
        self.puts += 1
        self.stored[name] = (body, now)
        return now

    def delete(self, name: str) -> None:
        self.stored.pop(name)


class Scene:
    """An account with videos, tracked by a completed job."""

    def __init__(self, number: int = 2, **overrides: Any) -> None:
        videos = [
            video(n, thumbnail_url=f"https://scontent-1.cdninstagram.com/v/{n}.jpg?oe=1") for n in range(1, number + 1)
        ]
        self.harness = Harness(tracked=account(**{"avatar_url": AVATAR} | overrides), videos=videos)
        self.clock = self.harness.clock
        self.store: MemoryStore = self.harness.memory
        self.web, self.copies = FakeWeb(self.clock), FakeCopies()
        self.deps = PicturesDeps(
            store=self.store,
            copies=self.copies,
            web=self.web,
            clock=self.clock,
            url=URL,
            kept_for=KEPT_FOR,
            max_thumbnails=12,
        )
        self.job_id = ""
        self.track()

    def track(self, **overrides: Any) -> None:
        """Run a job of the account to its end, as the machine does."""
        job = self.harness.claimed_job(**overrides)
        self.harness.run_chain(job)
        self.job_id = job["jobId"]

    def run(self, job_id: str = "", remaining_s: float = 120) -> dict[str, int]:
        context: Any = FakeContext(remaining_s)
        return handler(message(job_id or self.job_id), context, self.deps)

    def account(self) -> dict[str, Any]:
        return self.store.get_documents(ACCOUNTS)["instagram_528817151"]

    def videos(self) -> dict[str, dict[str, Any]]:
        return self.store.get_documents(f"{ACCOUNT}/videos")

    def copy(self, document: Mapping[str, Any], kind: str = "avatar") -> Copy:
        found = Copy.from_field(document[kind])
        assert found
        return found

    def stored(self, document: Mapping[str, Any], kind: str = "avatar") -> bytes:
        return self.copies.stored[self.copy(document, kind).url.removeprefix(f"{URL}/")][0]


def message(job_id: str) -> dict[str, Any]:
    """Return what the queue delivers for an execution of the job that succeeded."""
    detail = {"status": "SUCCEEDED", "input": json.dumps({"jobId": job_id, "attempt": 1})}
    return {"Records": [{"messageId": "m", "body": json.dumps({"source": "aws.states", "detail": detail})}]}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_avatar_and_thumbnails_are_copied(scene: Scene) -> None:
    assert scene.run() == {"copied": 3, "leftOut": 0}
    assert opened(scene.stored(scene.account())).size == (96, 96)
    for document in scene.videos().values():
        assert opened(scene.stored(document, "thumbnail")).size == (320, 180)
    assert scene.copy(scene.account()).expires_at == scene.clock.now() + KEPT_FOR


def test_only_servers_of_the_accounts_platform_are_asked(scene: Scene) -> None:
    scene.run()
    assert {hosts for _, hosts in scene.web.asked} == {("cdninstagram.com", "fbcdn.net")}


def test_other_fields_of_the_documents_stay(scene: Scene) -> None:
    before = scene.account(), scene.videos()
    scene.run()
    after = scene.account(), scene.videos()
    assert {**after[0], "avatar": 0} == {**before[0], "avatar": 0}
    assert {name: {**found, "thumbnail": 0} for name, found in after[1].items()} == {
        name: {**found, "thumbnail": 0} for name, found in before[1].items()
    }


def test_only_the_newest_videos_thumbnails_are_copied() -> None:
    scene = Scene(number=20)
    scene.run()
    copied = {name for name, found in scene.videos().items() if "thumbnail" in found}
    assert copied == {f"video{number:05d}" for number in range(1, 13)}


def test_second_message_copies_and_asks_nothing(scene: Scene) -> None:
    scene.run()
    scene.web.asked.clear()
    assert scene.run() == {"copied": 0, "leftOut": 0}
    assert scene.web.asked == []


def test_retry_after_a_failed_write_stores_nothing_twice(scene: Scene) -> None:
    """The copies were stored and Firestore did not answer: the same names are found again."""

    class Failing(MemoryStore):
        fails = True

        def update_each(self, writes: Any) -> list[bool]:
            if self.fails:
                self.fails = False
                raise StoreUnavailableError(Sentence("Our database did not answer."))
            return super().update_each(writes)

    failing = Failing(scene.clock)
    failing._documents = scene.store._documents
    scene.deps = replace(scene.deps, store=failing)
    with pytest.raises(StoreUnavailableError):
        scene.run()
    assert scene.copies.puts == 3
    scene.clock.advance(60)
    assert scene.run() == {"copied": 3, "leftOut": 0}
    assert scene.copies.puts == 3
    assert scene.copy(scene.account()).expires_at == scene.clock.now() + KEPT_FOR - timedelta(seconds=60)


def test_next_job_keeps_the_copies_and_copies_new_videos(scene: Scene) -> None:
    """The saving states write all that the platform says, beside the copies. New signatures are no new pictures."""
    scene.run()
    before = scene.account()["avatar"]
    fresh = video(0, thumbnail_url="https://scontent-9.cdninstagram.com/v/0.jpg")
    again = [replace(known, thumbnail_url=f"{known.thumbnail_url}&oh=new") for known in scene.harness.platform.videos]
    scene.harness.platform.account = account(avatar_url=AVATAR.replace("oe=2", "oe=3").replace("scontent-1", "other"))
    scene.harness.platform.videos = [fresh, *again]
    scene.track()
    assert scene.account()["avatar"] == before
    assert scene.run() == {"copied": 1, "leftOut": 0}
    assert [url for url, _ in scene.web.asked[3:]] == [fresh.thumbnail_url]


def test_changed_avatar_replaces_the_copy(scene: Scene) -> None:
    scene.run()
    old = scene.copy(scene.account())
    scene.web.pictures["new.jpg"] = picture((100, 100))
    scene.harness.platform.account = account(avatar_url="https://scontent-1.cdninstagram.com/v/new.jpg")
    scene.track()
    scene.run()
    new = scene.copy(scene.account())
    assert new.url != old.url
    assert {f"{URL}/{name}" for name in scene.copies.stored} >= {new.url}
    assert old.url.removeprefix(f"{URL}/") not in scene.copies.stored


def test_same_picture_under_a_new_link_keeps_its_copy(scene: Scene) -> None:
    scene.run()
    scene.harness.platform.account = account(avatar_url="https://scontent-1.cdninstagram.com/v/moved.jpg")
    old = scene.copy(scene.account())
    scene.track()
    scene.run()
    assert scene.copy(scene.account()).url == old.url
    assert scene.copies.puts == 3
    assert old.url.removeprefix(f"{URL}/") in scene.copies.stored


def test_copy_of_another_bucket_is_not_deleted_in_ours(scene: Scene) -> None:
    elsewhere = {"url": "https://old.example/a.webp", "source": "x", "expiresAt": scene.clock.now() + KEPT_FOR}
    scene.store.put_document(DocumentWrite(ACCOUNT, {"avatar": elsewhere}))
    scene.run()  # `delete` would raise KeyError
    assert scene.copy(scene.account()).url.startswith(URL)


def test_copy_is_made_anew_in_the_second_half_of_its_time(scene: Scene) -> None:
    scene.run()
    scene.clock.advance((KEPT_FOR / 2).total_seconds() - 1)
    assert scene.run()["copied"] == 0
    scene.clock.advance(2)
    assert scene.run()["copied"] == 3
    assert scene.copies.puts == 6
    assert scene.copy(scene.account()).expires_at == scene.clock.now() + KEPT_FOR


def test_picture_that_is_refused_leaves_the_others(
    scene: Scene, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    scene.web.pictures |= {"nasa.jpg": PictureRefusedError("status", "403"), "2.jpg": b"<html>"}
    assert scene.run() == {"copied": 1, "leftOut": 2}
    assert "avatar" not in scene.account()
    assert [name for name, found in scene.videos().items() if "thumbnail" in found] == ["video00001"]
    assert [vars(record).get("reason", "")[:11] for record in caplog.records][:2] == ["status: 403", "unreadable:"]
    assert printed_metrics(capsys.readouterr().out) == {"PicturesCopied": [1], "PicturesLeftOut": [2]}


def test_refused_picture_leaves_the_copy_before_it(scene: Scene) -> None:
    scene.run()
    before = scene.account()["avatar"]
    scene.harness.platform.account = account(avatar_url="https://scontent-1.cdninstagram.com/v/new.jpg")
    scene.track()
    scene.web.pictures["new.jpg"] = PictureRefusedError("slow")
    scene.run()
    assert scene.account()["avatar"] == before


def test_time_that_is_over_keeps_what_was_copied() -> None:
    scene = Scene(number=10)
    scene.web.takes_s = 8
    assert scene.run(remaining_s=RESERVE_S + 20) == {"copied": 3, "leftOut": 0}
    assert "avatar" in scene.account()
    assert scene.run(remaining_s=RESERVE_S + 20) == {"copied": 3, "leftOut": 0}
    assert scene.run(remaining_s=RESERVE_S - 1) == {"copied": 0, "leftOut": 0}


def test_failing_bucket_fails_the_message_and_not_the_job(scene: Scene) -> None:
    scene.copies.failure = StoreUnavailableError(Sentence("Our storage of pictures did not answer."))
    before = scene.harness.document(scene.job_id)
    with pytest.raises(StoreUnavailableError):
        scene.run()
    assert scene.harness.document(scene.job_id) == before
    assert "avatar" not in scene.account()


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.COMPLETED])
def test_job_that_is_not_completed_has_no_pictures(scene: Scene, status: Status) -> None:
    """An execution also succeeds when its job was cancelled, paused or handed over."""
    scene.store.touch(scene.job_id, status=str(status))
    assert scene.run() == {"copied": 0, "leftOut": 0}
    assert scene.web.asked == []


@pytest.mark.parametrize(
    "fields", [{"accountId": None}, {"accountId": "a/b"}, {"accountId": ".."}, {"platform": "myspace"}, {"orgId": 7}]
)
def test_odd_job_has_no_pictures(scene: Scene, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its account is not even looked for: an odd id would be an odd path."""
    scene.store.touch(scene.job_id, **fields)
    monkeypatch.setattr(scene.store, "get_document", lambda path: pytest.fail(path))
    assert scene.run() == {"copied": 0, "leftOut": 0}


def test_job_or_account_that_is_gone_has_no_pictures(scene: Scene) -> None:
    assert scene.run("no-such-job") == {"copied": 0, "leftOut": 0}
    scene.store.touch(scene.job_id, accountId="instagram_9")
    assert scene.run() == {"copied": 0, "leftOut": 0}


@pytest.mark.parametrize("odd", [7, "", None, ["x"], {"a": 1}])
def test_odd_link_is_no_picture(scene: Scene, odd: Any) -> None:
    scene.store.put_document(DocumentWrite(ACCOUNT, {"avatarUrl": odd}))
    assert scene.run()["copied"] == 2


@pytest.mark.parametrize("odd", [7, {}, {"url": "https://x/a"}, {"url": 1, "source": 2, "expiresAt": 3}, []])
def test_odd_copy_is_replaced(scene: Scene, odd: Any) -> None:
    scene.store.put_document(DocumentWrite(ACCOUNT, {"avatar": odd}))
    scene.run()
    assert scene.copy(scene.account())


def test_account_deleted_meanwhile_does_not_come_back(scene: Scene) -> None:
    real = scene.web.fetch

    def deleting(url: str, hosts: tuple[str, ...]) -> bytes:
        scene.store._documents.pop(ACCOUNT, None)
        return real(url, hosts)

    scene.web.fetch = deleting  # type: ignore[method-assign]
    scene.run()
    assert scene.store.get_documents(ACCOUNTS) == {}
    assert all("thumbnail" in found for found in scene.videos().values())


@pytest.mark.parametrize(
    "event", [{}, {"Records": []}, {"Records": [{"body": "x"}]}, {"Records": [{"body": '{"detail": {"input": "{}"}}'}]}]
)
def test_foreign_event_is_refused(scene: Scene, event: dict[str, Any]) -> None:
    context: Any = FakeContext(120)
    with pytest.raises(InvalidJobError):
        handler(event, context, scene.deps)


# Names


def test_names_hold_a_secret_that_is_made_once(scene: Scene) -> None:
    scene.run()
    key = (scene.store.get_document(CONTROL_DOCUMENT) or {})["nameKey"]
    assert len(bytes.fromhex(key)) == 32
    assert scene.copy(scene.account()).url == f"{URL}/{name_of(key.encode(), ACCOUNT, RED)}"
    other = Scene()
    other.run()
    assert not scene.copies.stored.keys() & other.copies.stored.keys()


def test_key_that_another_invocation_made_is_used(scene: Scene) -> None:
    class Racing(MemoryStore):
        def put_document(self, write: DocumentWrite) -> str:
            if write.path == CONTROL_DOCUMENT and write.fields["nameKey"] != "theirs":
                super().put_document(DocumentWrite(CONTROL_DOCUMENT, {"nameKey": "theirs"}))
            return super().put_document(write)

    racing = Racing(scene.clock)
    racing._documents = scene.store._documents
    scene.deps = replace(scene.deps, store=racing)
    scene.run()
    assert scene.copy(scene.account()).url == f"{URL}/{name_of(b'theirs', ACCOUNT, RED)}"


def test_name_belongs_to_one_picture_of_one_document() -> None:
    names = {name_of(key, document, body) for key in (b"k", b"l") for document in ("a", "b") for body in (b"1", b"2")}
    assert len(names) == 8
    assert all(len(name) == 64 + len(".webp") for name in names)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://a.cdninstagram.com/v/1_n.jpg?oh=1", "https://b.cdninstagram.com/v/1_n.jpg?oh=2", True),
        ("https://p16.tiktokcdn.com/x~c5.jpeg?x-expires=1", "https://p19.tiktokcdn-us.com/x~c5.jpeg", True),
        ("https://pbs.twimg.com/profile_images/1/a.jpg", "https://pbs.twimg.com/profile_images/2/a.jpg", False),
        ("https://yt3.ggpht.com/abc=s800", "https://yt3.ggpht.com/abd=s800", False),
    ],
)
def test_source_is_the_picture_and_not_its_signature(one: str, other: str, is_same: bool) -> None:
    assert (source_of(one) == source_of(other)) is is_same
