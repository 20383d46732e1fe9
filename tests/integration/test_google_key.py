"""Google's key, over real HTTP and gRPC: it is changed under load, revoked, or nobody answers for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import firebase_admin
import pytest
from google.auth.credentials import Credentials
from google.auth.transport.requests import Request
from google.cloud.firestore_v1 import Client

from tests.factories import job_document
from tests.google_double import AWS, Google, google
from tests.secrets_double import Secrets
from tests.silent_line import line_to
from tracking import firestore_access, google_credentials
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.settings import DEFAULT_DATABASE
from tracking.store import DocumentWrite
from tracking.store import firestore as store_module
from tracking.store.firestore import FirestoreStore

SECRET = "account-tracking/firebase"


@pytest.fixture
def services(emulator: str) -> Iterator[Google]:
    with google(emulator) as served:
        yield served


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, services: Google) -> Secrets:
    secrets = Secrets.installed(monkeypatch)
    secrets.values[SECRET] = json.dumps(services.new_key())
    return secrets


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, services: Google, secrets: Secrets) -> Iterator[FirestoreStore]:
    """The store as the functions build it. Only its address is another."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    for name, value in {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    project = f"demo-{uuid4().hex[:12]}"
    client = services.client(firestore_access.firestore_client(project, SECRET))
    access = firestore_access.FirestoreAccess(project, SECRET, DEFAULT_DATABASE)
    store = FirestoreStore(client, Access(access, services))
    yield store
    for each in {client, store.client}:
        each.close()  # type: ignore[no-untyped-call]
    google_credentials.firebase_app.cache_clear()
    for app in list(firebase_admin._apps.values()):
        firebase_admin.delete_app(app)


@dataclass
class Access:
    """Our access, with new connections to the double."""

    ours: firestore_access.FirestoreAccess
    services: Google

    def connect(self) -> Client:
        return self.services.client(self.ours.connect())

    def renew(self, since: float) -> None:
        self.ours.renew(since)


def rotate(services: Google, secrets: Secrets, *, federated: bool = False) -> None:
    """Store a new key, and delete the old one at once."""
    new = services.federation() if federated else services.new_key()
    secrets.values[SECRET] = json.dumps(new)
    services.revoke(keep=new.get("private_key_id", AWS))


def test_one_token_serves_many_calls(store: FirestoreStore, services: Google, secrets: Secrets) -> None:
    for _ in range(3):
        store.get_job("a")
    assert services.asked == 1
    assert secrets.reads == [SECRET]


@pytest.mark.parametrize("federated", [False, True])
def test_google_key_rotates_under_load(
    store: FirestoreStore, services: Google, secrets: Secrets, federated: bool
) -> None:
    """Eight threads read and write all the time. The old key and its tokens die at once, five times. Nothing fails."""
    done = [0] * 8
    is_over = False

    def work(number: int) -> None:
        while not is_over:
            store.put_document(DocumentWrite(f"counters/{number}", {"n": done[number]}))
            assert store.get_document(f"counters/{number}") == {"n": done[number]}
            store.pending_jobs(5)
            done[number] += 1

    def wait_for_all(working: list[Future[None]]) -> None:
        """Wait until each thread has done something since now, or one has failed."""
        before, limit = list(done), time.monotonic() + 60
        while any(now == then for now, then in zip(done, before, strict=True)):
            assert time.monotonic() < limit
            if any(each.done() for each in working):
                break
            time.sleep(0.01)

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(8)]
        try:
            for turn in range(5):
                wait_for_all(working)
                rotate(services, secrets, federated=federated and turn % 2 == 0)
            wait_for_all(working)
        finally:
            is_over = True
        for each in working:
            each.result()
    assert min(done) >= 6
    assert 6 <= services.asked <= 12


def test_a_new_value_is_used_though_the_old_key_lives(
    store: FirestoreStore, services: Google, secrets: Secrets
) -> None:
    store.get_job("a")
    new = services.new_key()
    secrets.values[SECRET] = json.dumps(new)
    secrets.now_s += 300
    store.get_job("a")
    assert services.asked == 2
    assert services.tokens.popitem()[1] == new["private_key_id"]


def test_a_revoked_key_is_a_credentials_error_in_seconds(
    store: FirestoreStore, services: Google, secrets: Secrets
) -> None:
    """Without the translation, gRPC's UNAVAILABLE would be tried again for fifteen seconds."""
    store.get_job("a")
    services.revoke()
    began = time.monotonic()
    with pytest.raises(CredentialsError) as refused:
        store.get_job("a")
    assert time.monotonic() - began < 3
    assert refused.value.credential == "google"
    assert "invalid_grant" in str(refused.value.__cause__)
    with pytest.raises(CredentialsError):
        store.create_job(job_document())
    secrets.now_s += 10
    secrets.values[SECRET] = json.dumps(services.new_key())
    assert store.get_job("a") is None


@pytest.mark.parametrize("federated", [False, True])
def test_a_key_that_gets_no_token_is_changed_at_once(
    store: FirestoreStore, services: Google, secrets: Secrets, federated: bool
) -> None:
    """Here the token server refuses the key, as it does when a token ends after the key. No call fails."""
    rotate(services, secrets, federated=federated)
    assert store.get_job("a") is None
    assert services.asked == 2


@pytest.mark.parametrize("value", ["not json", "{}"])
def test_a_secret_with_a_typing_error_is_a_credentials_error(
    store: FirestoreStore, secrets: Secrets, value: str
) -> None:
    secrets.values[SECRET] = value
    secrets.now_s += 300
    began = time.monotonic()
    with pytest.raises(CredentialsError):
        store.get_job("a")
    assert time.monotonic() - began < 3


def test_a_mended_typing_error_is_noticed_in_seconds(store: FirestoreStore, secrets: Secrets) -> None:
    """Otherwise each warm function would go on with the unusable value for five minutes."""
    store.get_job("a")
    usable = secrets.values[SECRET]
    secrets.values[SECRET] = "not json"
    secrets.now_s += 300
    with pytest.raises(CredentialsError):
        store.get_job("a")
    secrets.values[SECRET] = usable
    secrets.now_s += 10
    assert store.get_job("a") is None


def test_a_new_function_notices_a_mended_secret_in_seconds(services: Google, secrets: Secrets) -> None:
    secrets.values[SECRET] = "not json"
    for _ in range(3):
        with pytest.raises(CredentialsError):
            google_credentials.SecretCredentials(SECRET)
    assert len(secrets.reads) == 2
    secrets.values[SECRET] = json.dumps(services.new_key())
    secrets.now_s += 10
    google_credentials.SecretCredentials(SECRET)


@pytest.mark.parametrize("status", [429, 503])
def test_a_token_server_that_fails_is_no_refusal(
    store: FirestoreStore, services: Google, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(store_module, "RETRY_FOR_S", 1.0)
    services.down = status
    with pytest.raises(StoreUnavailableError):
        store.get_job("a")
    services.down = None
    assert store.get_job("a") is None


def test_tokens_that_firestore_refuses_are_renewed_once(
    store: FirestoreStore, services: Google, secrets: Secrets
) -> None:
    """The key still gets tokens, and Firestore takes none of them: the account was disabled, or lost its role."""
    store.get_job("a")
    services.tokens.clear()
    assert store.get_job("a") is None
    assert services.asked == 2
    services.is_live = lambda token: False  # type: ignore[method-assign]
    with pytest.raises(CredentialsError):
        store.get_job("a")
    assert services.asked == 3


def test_a_late_refusal_of_an_old_token_renews_nothing(store: FirestoreStore, services: Google) -> None:
    """Threads share the credentials: one may be refused with a token that another has replaced meanwhile."""
    access, began = store._access, time.monotonic()
    assert access is not None
    store.get_job("a")
    access.renew(began)
    store.get_job("a")
    assert services.asked == 1
    access.renew(time.monotonic())
    store.get_job("a")
    assert services.asked == 2


def test_a_refusal_told_during_another_request_is_not_lost(
    services: Google, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread is refused, just while another finds its token valid."""
    shared = google_credentials.SecretCredentials(SECRET)
    shared.before_request(Request(), "GET", "https://firestore", {})
    refused: list[threading.Thread] = []

    def refuse_another(credentials: Credentials) -> bool:
        if not refused:
            refused.append(threading.Thread(target=shared.doubt, args=[time.monotonic()]))
            refused[0].start()
            refused[0].join(0.2)
        return True

    monkeypatch.setattr(type(shared.of_google), "valid", property(refuse_another))
    shared.before_request(Request(), "GET", "https://firestore", {})
    refused[0].join()
    shared.before_request(Request(), "GET", "https://firestore", {})
    assert services.asked == 2


def test_a_forgotten_connection_is_replaced(
    store: FirestoreStore, services: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gRPC alone would go on with the dead connection: three calls, thirty seconds, and no answer."""
    monkeypatch.setattr(store_module, "RPC_TIMEOUT_S", 2.0)
    with line_to(int(services.firestore.partition(":")[2])) as line:
        services.firestore = line.address
        store.reconnect(store.client)
        store.put_document(DocumentWrite("a/b", {"n": 1}))
        line.forget()
        began = time.monotonic()
        assert store.get_document("a/b") == {"n": 1}
        assert 2 <= time.monotonic() - began < 4
        line.forget()
        store.put_document(DocumentWrite("a/b", {"n": 2}))
        assert store.get_document("a/b") == {"n": 2}
        assert line.connections == 3
