"""The demo's webhooks: its endpoint, and what it says of what came."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from rich.console import Console
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from cli import demo, demo_news
from local.auth import USERS
from local.news.server import NewsServer, Passed
from local.stack import SIGNING_KEY
from tests.doubles import START, ManualClock
from tracking.jobs import AccountType, Job, PlatformName, new
from tracking.store import DocumentWrite
from tracking.store.memory import MemoryStore
from tracking.webhooks import signing

ADA = USERS[0]
PATH = "organizations/demo-org/webhookEndpoints/demo-endpoint"


@pytest.fixture
def server() -> NewsServer:
    return NewsServer(lambda *_: Passed(200, [], b""), lambda _url: 200)


@pytest.fixture
def inbox(server: NewsServer) -> httpx.Client:
    """A client whose requests the server answers without sockets."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        base = f"http://{request.headers['Host']}"
        built = EnvironBuilder(path, method=request.method, data=request.content, base_url=base)
        response = server.respond(Request(built.get_environ()))
        return httpx.Response(response.status_code, content=response.get_data())

    return httpx.Client(base_url="http://127.0.0.1:8025", transport=httpx.MockTransport(answer))


def deliver(server: NewsServer, job_id: str, version: int = 1) -> None:
    now, payload = datetime.now(UTC), '{"type":"tracking.job.completed"}'
    secret = signing.secret(SIGNING_KEY, ADA.org_id, "demo-endpoint", version)
    headers = signing.signed_headers(payload, f"{job_id}-1-abc-completed", now, [secret])
    server.receiver.receive(demo_news.URL, headers.items(), payload.encode())


def test_endpoint_is_created_once_and_its_secret_told(server: NewsServer, inbox: httpx.Client) -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    demo_news.add_endpoint(store, inbox, ADA, clock)
    deliver(server, "job1")
    store.put_document(DocumentWrite(PATH, {"secretVersion": 2, "description": "mine"}))  # its owner rotates
    demo_news.add_endpoint(store, inbox, ADA, clock)
    deliver(server, "job2", version=2)
    assert [one.problem for one in server.receiver.received()] == [None, None]
    fields = store.get_document(PATH) or {}
    assert (fields["url"], fields["description"], fields["createdBy"]) == (demo_news.URL, "mine", ADA.uid)


class Later(ManualClock):
    """A clock on which each wait delivers the webhook of the next job."""

    def __init__(self, server: NewsServer, *job_ids: str) -> None:
        super().__init__()
        self.server, self.job_ids = server, [*job_ids]

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.job_ids:
            deliver(self.server, self.job_ids.pop(0))


def ended(*job_ids: str) -> list[Job]:
    of = {"org_id": "o", "project_id": "p", "user_id": "u", "username": "nasa"}
    fields = new(**of, platform=PlatformName("instagram"), account_type=AccountType("my"), now=START)
    return [Job.from_document(job_id, fields, START) for job_id in job_ids]


@pytest.mark.parametrize("registered", [True, False])
def test_demo_waits_for_a_verified_webhook_of_each_job(
    server: NewsServer, inbox: httpx.Client, registered: bool
) -> None:
    clock = Later(server, "job2", "job1")
    if registered:
        demo_news.add_endpoint(MemoryStore(clock), inbox, ADA, clock)
    console = Console(file=io.StringIO(), width=200)
    assert demo.hear(inbox, ended("job1", "job2"), console, clock) is registered
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{2 if registered else 0} webhooks to {demo_news.URL} came" in told
    assert ("0 did not come, 2 did not verify" in told) is not registered


def test_webhooks_that_never_come_are_given_up(server: NewsServer, inbox: httpx.Client) -> None:
    clock = Later(server, "job12", "other")
    demo_news.add_endpoint(MemoryStore(clock), inbox, ADA, clock)
    console = Console(file=io.StringIO(), width=200)
    assert not demo.hear(inbox, ended("job1", "job12"), console, clock)
    assert "1 did not come, 0 did not verify" in console.file.getvalue()  # type: ignore[attr-defined]
    assert timedelta(0) <= clock.now() - START - demo_news.LIMIT < timedelta(seconds=1)
