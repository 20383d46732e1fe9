"""News on its way out of the deployed stack: webhooks to the receiver, and mail to the inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from cli.webhooks import send_test
from local import auth, aws, stack
from tests.e2e.running import Document, Project, RunningStack, until
from tracking.store import DocumentWrite
from tracking.webhooks import new_endpoint, signing

LIMIT_S = 90.0  # the minute's run does what the end of an execution did not bring about
"""How long news may take: a run at the execution's end, or else the minute's."""


@pytest.fixture
def inbox(running: RunningStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.state.news(), trust_env=False) as client:
        yield client


@dataclass
class Endpoint:
    """An endpoint of a test's organisation, with an address and a secret of its own."""

    project: Project
    inbox: httpx.Client
    endpoint_id: str = field(default_factory=lambda: f"endpoint-{uuid4().hex}")

    def __post_init__(self) -> None:
        fields = new_endpoint(self.url, "user-1", datetime.now(UTC))
        self.project.stack.store.put_document(DocumentWrite(self.path, fields, must_be_new=True))
        self.register(signing.secret(stack.SIGNING_KEY, self.project.org_id, self.endpoint_id, 1))

    @property
    def url(self) -> str:
        return f"https://{self.endpoint_id}.example.com/hook"

    @property
    def path(self) -> str:
        return f"organizations/{self.project.org_id}/webhookEndpoints/{self.endpoint_id}"

    def register(self, secret: str) -> None:
        self.inbox.post("/receivers", json={"url": self.url, "secret": secret}).raise_for_status()

    def answer(self, *answers: Document) -> None:
        self.inbox.post("/behaviour", json={"url": self.url, "answers": answers}).raise_for_status()

    def received(self) -> list[Document]:
        """Return what its receiver got, the oldest first."""
        return list(reversed(self.inbox.get("/webhooks", params={"url": self.url}).json()["webhooks"]))

    def document(self) -> Document:
        return self.project.stack.store.get_document(self.path) or {}

    def delivery(self, delivery_id: str) -> Document:
        return self.project.stack.store.get_document(f"{self.path}/deliveries/{delivery_id}") or {}

    def delivered(self, count: int = 1) -> list[Document]:
        """Wait for that many requests, and until each has its result."""

        def all_over() -> list[Document] | None:
            found = self.received()
            states = [self.delivery(one["eventId"]).get("state") for one in found]
            return found if len(found) >= count and "pending" not in states else None

        return until(all_over, f"{count} webhooks did not come", LIMIT_S)


@pytest.fixture
def endpoint(project: Project, inbox: httpx.Client) -> Endpoint:
    return Endpoint(project, inbox)


def run(running: RunningStack, logical_id: str) -> None:
    """Run a deployed function once, beside its schedule."""
    name = aws.physical_name(running.state.aws(), logical_id)
    answer = aws.client("lambda", running.state.aws()).invoke(FunctionName=f"{name}:live", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def completed(project: Project, **overrides: Any) -> str:
    """Track an account, and return the job's id once it has ended."""
    job_id = project.add_job("sim_videos_1", **overrides)
    project.stack.tick()
    assert project.ended([job_id])[job_id]["status"] == "completed"
    return job_id


def test_end_of_a_job_is_sent_as_a_verified_webhook(project: Project, endpoint: Endpoint) -> None:
    """The body is the payload of the outbox, byte for byte, and its id the event's."""
    completed(project)
    (received,) = endpoint.delivered()
    ((event_id, event),) = project.stack.store.list_events(project.org_id, None, 9).items()
    assert (received["eventId"], received["body"]) == (event_id, event["event"]["payload"])
    assert (received["isVerified"], received["problem"]) == (True, None)
    delivery = endpoint.delivery(event_id)
    assert (delivery["state"], delivery["nextAttemptAt"], delivery["attempts"][0]["status"]) == ("delivered", None, 200)


def test_endpoint_gets_a_test_and_a_replay(running: RunningStack, project: Project, endpoint: Endpoint) -> None:
    test_id = send_test(running.store, endpoint.path, datetime.now(UTC))
    run(running, "NotifyFunction")
    (received,) = endpoint.delivered()
    assert (received["eventId"], received["isVerified"]) == (test_id, True)
    assert json.loads(received["body"])["type"] == "webhook.test"
    assert endpoint.delivery(test_id)["state"] == "delivered"
    assert endpoint.document()["health"]["failures"] == 0


def test_receiver_that_fails_once_gets_the_webhook_again(project: Project, endpoint: Endpoint) -> None:
    """The second attempt has the same id and body, and follows in seconds."""
    endpoint.answer({"status": 500, "times": 1})
    completed(project)
    first, second = endpoint.delivered(2)
    assert (first["eventId"], first["body"]) == (second["eventId"], second["body"])
    assert (first["isVerified"], second["isVerified"]) == (True, True)
    delivery = endpoint.delivery(first["eventId"])
    assert ([one["status"] for one in delivery["attempts"]], delivery["state"]) == ([500, 200], "delivered")
    assert delivery["attempts"][1]["at"] > delivery["attempts"][0]["at"]


def test_receiver_that_is_gone_is_switched_off(running: RunningStack, project: Project, endpoint: Endpoint) -> None:
    """Later events are skipped meanwhile."""
    endpoint.answer({"status": 410, "times": 1})
    completed(project)
    until(lambda: None if endpoint.document()["enabled"] else True, "the endpoint stays on", LIMIT_S)
    assert endpoint.document()["health"]["offReason"] == "gone"
    job_id = completed(project, userId="user-2")

    def skipped() -> str | None:
        found = running.store.get_documents(f"{endpoint.path}/deliveries")
        return next((name for name in found if job_id in name and found[name]["state"] == "skipped"), None)

    until(skipped, "the event was not skipped", LIMIT_S)
    assert len(endpoint.received()) == 1
    types = {one["event"]["type"] for one in running.store.list_events(project.org_id, None, 9).values()}
    assert types == {"tracking.job.completed", "tracking.webhook.disabled"}


# Signed in


@dataclass(frozen=True)
class Person:
    """Somebody with a verified address, who is a member of a test's organisation."""

    uid: str
    email: str
    token: str


@pytest.fixture
def person(running: RunningStack, project: Project) -> Person:
    uid = f"user-{uuid4().hex[:12]}"
    email = f"{uid}@demo.test"
    toolkit = f"{running.state.auth()}/identitytoolkit.googleapis.com/v1"
    with httpx.Client(trust_env=False, timeout=60) as http:
        auth.add_account(http, running.state.auth(), uid, email)
        sign_in = {"email": email, "password": auth.PASSWORD, "returnSecureToken": True}
        answer = http.post(f"{toolkit}/accounts:signInWithPassword", params={"key": "any"}, json=sign_in)
        token = answer.raise_for_status().json()["idToken"]
    running.store.put_document(DocumentWrite(f"organizations/{project.org_id}/members/{uid}", {"role": "owner"}))
    return Person(uid, email, token)


def test_owner_is_shown_the_secret_that_verifies(
    running: RunningStack, project: Project, endpoint: Endpoint, person: Person
) -> None:
    """The page then wakes the sender, and the test arrives without the minute's run."""
    asked = {"orgId": project.org_id, "endpointId": endpoint.endpoint_id}
    with httpx.Client(base_url=stack.news_url(running.state), trust_env=False, timeout=60) as api:
        api.headers["Authorization"] = f"Bearer {person.token}"
        answer = api.post("/webhooks/secret", json=asked).raise_for_status().json()
        endpoint.register(answer["secret"])
        test_id = send_test(running.store, endpoint.path, datetime.now(UTC))
        assert api.post("/webhooks/wake", json={"orgId": project.org_id}).status_code == 202
    (received,) = endpoint.delivered()
    assert (received["eventId"], received["isVerified"]) == (test_id, True)
    assert (answer["previousSecret"], answer["previousUntil"]) == (None, None)


def mails_to(inbox: httpx.Client, person: Person) -> list[Document]:
    return [mail for mail in inbox.get("/mails").json()["mails"] if person.email in json.dumps(mail["to"])]


def test_person_gets_one_mail_and_can_unsubscribe(
    running: RunningStack, project: Project, person: Person, inbox: httpx.Client
) -> None:
    """Two jobs end: one mail about both. A look at its link changes nothing, one press does."""
    job_ids = [project.add_job(name, userId=person.uid) for name in ("sim_videos_1", "nobody_has_this_name")]
    running.tick()
    project.ended(job_ids)

    def sent() -> list[Document] | None:
        run(running, "MailFunction")
        return mails_to(inbox, person) or None

    (mail,) = until(sent, "no mail came", LIMIT_S, every_s=2)
    assert (mail["refusal"], mail["to"]) == ("", [person.email])
    assert stack.SENDER in mail["from"]
    assert "nobody_has_this_name" in mail["text"]
    assert "sim_videos_1" in mail["html"]
    headers = dict(mail["headers"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = urlsplit(headers["List-Unsubscribe"].strip("<>"))
    url = f"{stack.news_url(running.state)}/unsubscribe?{link.query}"  # the template's host is one for browsers alone
    settings = f"organizations/{project.org_id}/notificationSettings/{person.uid}"
    assert httpx.get(url, trust_env=False, timeout=60).status_code == 200
    assert (running.store.get_document(settings) or {}).get("email") != "off"
    body = {"List-Unsubscribe": "One-Click"}
    assert httpx.post(url, data=body, trust_env=False, timeout=60).status_code == 200
    assert (running.store.get_document(settings) or {})["email"] == "off"
    completed(project, userId=person.uid)
    run(running, "NotifyFunction")
    run(running, "MailFunction")
    assert len(mails_to(inbox, person)) == 1
