"""Tests of the Firestore store alone: its errors, its time-outs and the sizes of its messages."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import grpc  # type: ignore[import-untyped]
import pytest
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from google.cloud.firestore_v1 import Client, DocumentReference
from google.cloud.firestore_v1.types import BatchWriteResponse, CommitResponse, WriteResult
from google.rpc.status_pb2 import Status as RpcStatus

from bench.rpcs import RecordedClient, RpcRecorder
from tests.clients import anonymous_client
from tests.doubles import START
from tests.factories import account, bare_change, job_document, video
from tracking import firestore_access, jobs
from tracking.document_limits import message_bytes
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.google_credentials import REFUSED
from tracking.jobs import PlatformName, Progress, Status
from tracking.sentences import Sentence
from tracking.settings import DEFAULT_DATABASE
from tracking.store import (
    MAX_BYTES_PER_COMMIT,
    DocumentWrite,
    EndingWrite,
    JobFilter,
    JobSnapshot,
    JobWrite,
    Store,
    Unwritable,
    WriteRefusedError,
    account_path,
)
from tracking.store import firestore as store_module
from tracking.store.firestore import FirestoreStore, translate

# The translation of errors


VERSION = "2026-03-01T12:00:00Z"


def subclasses(base: type[Exception]) -> list[type[Exception]]:
    below = [found for sub in base.__subclasses__() for found in (sub, *subclasses(sub))]
    return [error for error in below if error.__module__ == google.__name__]


OURS = {
    # transient: the service, the network or the load
    google.ServerError: StoreUnavailableError,
    google.InternalServerError: StoreUnavailableError,
    google.MethodNotImplemented: StoreUnavailableError,
    google.BadGateway: StoreUnavailableError,
    google.ServiceUnavailable: StoreUnavailableError,
    google.GatewayTimeout: StoreUnavailableError,
    google.DeadlineExceeded: StoreUnavailableError,
    google.Unknown: StoreUnavailableError,
    google.DataLoss: StoreUnavailableError,
    google.TooManyRequests: StoreUnavailableError,
    google.ResourceExhausted: StoreUnavailableError,
    google.Aborted: StoreUnavailableError,
    google.Cancelled: StoreUnavailableError,
    google.RetryError: StoreUnavailableError,
    # ours to repair: credentials or permissions
    google.Unauthenticated: CredentialsError,
    google.PermissionDenied: CredentialsError,
    # a bug of ours, or a missing index or database: not translated, so that Google's message is kept
    google.GoogleAPICallError: None,
    google.ClientError: None,
    google.BadRequest: None,
    google.InvalidArgument: None,
    google.FailedPrecondition: None,
    google.OutOfRange: None,
    google.NotFound: None,
    google.Conflict: None,
    google.AlreadyExists: None,
    google.LengthRequired: None,
    google.PreconditionFailed: None,
    google.DuplicateCredentialArgs: None,
    google.MethodNotAllowed: None,
    google.RequestRangeNotSatisfiable: None,
    # raised for HTTP, uploads and long-running operations, but never by gRPC
    google.Redirection: None,
    google.MovedPermanently: None,
    google.NotModified: None,
    google.TemporaryRedirect: None,
    google.ResumeIncomplete: None,
    google.ResumableTransferError: None,
    google.TransferStalledError: None,
    google.UnseekableStreamError: None,
    google.UploadCancelledError: None,
    google.MissingStatusHeaderError: None,
    google.Unauthorized: None,
    google.Forbidden: None,
}


GRPC: dict[grpc.StatusCode, tuple[type[Exception] | None, int]] = {
    # our class (None: passed on as it is), and how often a request is sent again (2: until RETRY_FOR_S)
    grpc.StatusCode.CANCELLED: (StoreUnavailableError, 0),  # the connection or the server gave the call up
    grpc.StatusCode.UNKNOWN: (StoreUnavailableError, 0),  # the server failed without a code
    grpc.StatusCode.INVALID_ARGUMENT: (None, 0),  # our mistake, or a document too large: callers of writes know it
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        StoreUnavailableError,
        0,
    ),  # the store makes the call again, by a new connection
    grpc.StatusCode.NOT_FOUND: (None, 0),  # of a write: the document is gone, and callers know it; else no database
    grpc.StatusCode.ALREADY_EXISTS: (None, 0),  # of a write: callers know it
    grpc.StatusCode.PERMISSION_DENIED: (CredentialsError, 1),  # a newer key may have the right
    grpc.StatusCode.RESOURCE_EXHAUSTED: (StoreUnavailableError, 0),  # a quota; trying again at once makes it worse
    grpc.StatusCode.FAILED_PRECONDITION: (None, 0),  # of a write: callers know it; of a query: an index is missing
    grpc.StatusCode.ABORTED: (StoreUnavailableError, 0),  # contention for a document
    grpc.StatusCode.OUT_OF_RANGE: (None, 0),  # our mistake
    grpc.StatusCode.UNIMPLEMENTED: (StoreUnavailableError, 0),  # a proxy, or an emulator that lacks the call
    grpc.StatusCode.INTERNAL: (StoreUnavailableError, 0),  # the server or the connection is broken
    grpc.StatusCode.UNAVAILABLE: (StoreUnavailableError, 2),  # the connection was lost, or the server restarts
    grpc.StatusCode.DATA_LOSS: (StoreUnavailableError, 0),  # the server cannot read its data now
    grpc.StatusCode.UNAUTHENTICATED: (CredentialsError, 1),  # a newer key, or a new token, may be accepted
}
"""https://grpc.io/docs/guides/status-codes"""


def test_every_status_of_grpc_has_a_class_and_a_retry() -> None:
    assert set(GRPC) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


@pytest.mark.parametrize("status", GRPC, ids=lambda status: str(status.name))
def test_a_status_of_grpc_has_this_class_and_retry(status: grpc.StatusCode) -> None:
    ours, tries = GRPC[status]
    error = google.from_grpc_status(status, "said")  # type: ignore[no-untyped-call]
    assert type(translate(error)) is (ours or type(error))
    patience = store_module._Patience(Mock(spec=store_module.Access))
    assert [patience(error) for _ in range(3)] == [tried < tries or tries == 2 for tried in range(3)]


def test_a_call_without_a_token_is_a_credentials_error() -> None:
    error = google.ServiceUnavailable(f"Getting metadata from plugin failed with error: {REFUSED}: invalid_grant")  # type: ignore[no-untyped-call]
    assert isinstance(translate(error), CredentialsError)
    assert not store_module._Patience(None)(error)


def made(error: Callable[..., Exception], message: str = "said") -> Exception:
    further: dict[str, Any] = {"cause": None} if error == google.RetryError else {}
    return error(message, **further)


@pytest.mark.parametrize("error", subclasses(google.GoogleAPIError), ids=lambda error: error.__name__)
def test_every_google_error_has_a_translation(error: type[Exception]) -> None:
    assert error in OURS, "a new error of google.api_core: transient, ours to mend, or neither?"
    ours = OURS[error]
    translated = translate(made(error))
    assert type(translated) is (ours or error)


@pytest.mark.parametrize("error", [DefaultCredentialsError, RefreshError])
def test_unusable_credentials_raise_credentials_error(error: type[Exception]) -> None:
    assert isinstance(translate(error("said")), CredentialsError)


def test_an_unreachable_token_server_is_transient() -> None:
    assert isinstance(translate(made(TransportError)), StoreUnavailableError)


def test_user_sentence_quotes_nothing_of_googles_error() -> None:
    assert "said" not in str(translate(made(google.ServiceUnavailable)))


# Firestore cannot be reached


CALLS: dict[str, Callable[[FirestoreStore], Any]] = {
    "open_jobs": lambda store: store.open_jobs(10),
    "processing_jobs": lambda store: store.processing_jobs(10),
    "count_processing": lambda store: store.count_processing(),
    "jobs_ended_since": lambda store: store.jobs_ended_since(START, 10),
    "expired_jobs": lambda store: store.expired_jobs(START, 10),
    "get_stored": lambda store: store.get_stored("a/b"),
    "next_waiting_org": lambda store: store.next_waiting_org("", list(PlatformName)),
    "pending_of_org": lambda store: store.pending_of_org("o", [PlatformName.YOUTUBE], 10),
    "oldest_pending": lambda store: store.oldest_pending([PlatformName.YOUTUBE], 10),
    "put_document": lambda store: store.put_document(DocumentWrite("a/b", {"n": 1})),
    "pending_jobs": lambda store: store.pending_jobs(10),
    "get_job": lambda store: store.get_job("a"),
    "get_jobs": lambda store: store.get_jobs(["a"]),
    "write_each": lambda store: store.write_each([JobWrite("a", bare_change(progress=1), VERSION)]),
    "commit": lambda store: store.commit(JobWrite("a", bare_change(progress=1), VERSION)),
    "create_jobs": lambda store: store.create_jobs({"a": job_document()}),
    "due_accounts": lambda store: store.due_accounts(START, list(PlatformName), 10),
    "count_due": lambda store: store.count_due(START, list(PlatformName)),
    "get_stored_each": lambda store: store.get_stored_each(["a/b"]),
    "create_job": lambda store: store.create_job(job_document()),
    "list_jobs": lambda store: store.list_jobs(JobFilter(), 10),
    "list_events": lambda store: store.list_events("o", "p", 10),
    "list_deliveries": lambda store: store.list_deliveries("a/b", ["failed"], START, 10),
    "list_mail": lambda store: store.list_mail("o", 10),
    "finished_jobs": lambda store: store.finished_jobs(10),
    "documents_in": lambda store: store.documents_in("a/b/c", 10),
    "delete_each": lambda store: store.delete_each({"a/b": VERSION}),
    "delete_jobs": lambda store: store.delete_jobs([JobSnapshot("a", {}, VERSION, START, START)]),
    "get_documents": lambda store: store.get_documents("organizations"),
    "get_document": lambda store: store.get_document("organizations/o"),
    "documents_with": lambda store: store.documents_with("mail", "delivery.state", ["RETRY"], 10),
    "has_open_job": lambda store: store.has_open_job("o", "u"),
    "due_documents": lambda store: store.due_documents("videoHistory", "thinAt", START, 10),
    "change_together": lambda store: store.change_together([DocumentWrite("a/b", {"n": 1})], {"a/c": VERSION}),
    "get_each": lambda store: store.get_each(["a/b"]),
    "get_newest": lambda store: store.get_newest("organizations", "name", 10),
    "due_events": lambda store: store.due_events(START, 10),
    "stored_in": lambda store: store.stored_in("a/b/c", 10),
    "put_each": lambda store: store.put_each([DocumentWrite("a/b", {"n": 1}, must_be_new=True)]),
    "update_each": lambda store: store.update_each([DocumentWrite("a/b", {"n": 1})]),
}


def test_calls_cover_every_method_of_the_store() -> None:
    methods = {name for part in Store.__mro__ for name in vars(part) if not name.startswith("_")}
    assert set(CALLS) == methods


@pytest.fixture(params=["nobody listens", "nobody answers"])
def unreachable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreStore]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            server.listen()
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{server.getsockname()[1]}")
        with closing(anonymous_client("demo-unreachable")) as client:
            yield FirestoreStore(client)


def test_a_job_whose_creation_was_answered_late_is_one_job(
    firestore_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends the request again, and Firestore answers that the document exists."""
    real = DocumentReference.create

    def answered_late(reference: DocumentReference, *arguments: Any, **options: Any) -> Any:
        real(reference, *arguments, **options)
        raise google.AlreadyExists("said")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(DocumentReference, "create", answered_late)
    store = FirestoreStore(firestore_client())
    job_id = store.create_job(job_document())
    assert [job.job_id for job in store.pending_jobs(10)] == [job_id]


def test_a_job_whose_creation_was_not_answered_is_one_job(
    firestore_client: Callable[[], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store makes the whole call again, by a new connection. It must name the same document."""
    real, calls = DocumentReference.create, Counter[str]()

    def unanswered_once(reference: DocumentReference, *arguments: Any, **options: Any) -> Any:
        calls[reference.id] += 1
        made = real(reference, *arguments, **options)
        if calls.total() == 1:
            raise google.DeadlineExceeded("no answer")  # type: ignore[no-untyped-call]
        return made

    monkeypatch.setattr(DocumentReference, "create", unanswered_once)
    store = FirestoreStore(firestore_client())
    job_id = store.create_job(job_document())
    assert calls == {job_id: 2}
    assert [job.job_id for job in store.pending_jobs(10)] == [job_id]


def test_firestore_unreachable_raises_unavailable_in_time(
    unreachable: FirestoreStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call uses the time-outs, which are cut to half a second here."""
    assert (store_module.RPC_TIMEOUT_S, store_module.RETRY_FOR_S) == (10, 15)
    monkeypatch.setattr(store_module, "RPC_TIMEOUT_S", 0.5)
    monkeypatch.setattr(store_module, "RETRY_FOR_S", 0.5)

    def outcome(call: Callable[[FirestoreStore], Any]) -> Exception | None:
        try:
            call(unreachable)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is compared below
            return error
        return None

    began = time.monotonic()
    with ThreadPoolExecutor(len(CALLS)) as pool:
        outcomes = dict(zip(CALLS, pool.map(outcome, CALLS.values()), strict=True))
    assert {name: type(error) for name, error in outcomes.items()} == dict.fromkeys(CALLS, StoreUnavailableError)
    assert time.monotonic() - began < 5


# Sizes


def extremes() -> list[DocumentWrite]:
    path = account_path("🚀" * 128, "🚀" * 128, "instagram_" + "9" * 400)
    largest = {
        "view_count": 2**63 - 1,
        "like_count": 2**63 - 1,
        "comment_count": 2**63 - 1,
        "share_count": 2**63 - 1,
        "save_count": 2**63 - 1,
        "duration_s": 1e300,
        "published_at": START.replace(microsecond=999_999),
        "hashtags": ("t",) * 5_000,
    }
    synced = {"lastSyncedAt": START, "lastJobId": "\x01" * 1_500}
    return [
        DocumentWrite(path, {}),
        DocumentWrite("a/b", {"x": None}),
        DocumentWrite("a/b", {"x": ""}, must_be_new=True),
        DocumentWrite("a/b", {"x": [""] * 10_000}),
        DocumentWrite("a/b", {f"f{n}": n % 2 == 0 for n in range(1_000)}),
        DocumentWrite("a/b", {f"{n}{'f' * 100}": None for n in range(1_000)}),
        DocumentWrite(path, account(bio="🚀" * 50_000).to_document() | synced, must_be_new=True),
        DocumentWrite(f"{path}/videos/{'v' * 1_500}", video(1, **largest).to_document() | synced),
        DocumentWrite(f"{path}/videos/v", video(1, caption="🚀" * 100_000).to_document() | synced),
        DocumentWrite(
            f"{path}/videoHistory/2026-03-12",
            {"v": {f"🚀{n:030}": {"31": [2**63 - 1, None, 0, 2**63 - 1]} for n in range(500)}},
        ),
        DocumentWrite(
            f"{path}/videoIndex/1",
            {
                "of": 1,
                "v": {f"{n:011}": {"h": "0" * 16, "t": START, "m": "text", "w": 1, "s": ""} for n in range(500)},
            },
        ),
        DocumentWrite(f"{path}/videos/v", video(1, caption="", hashtags=(), view_count=None).to_document() | synced),
    ]


def encoded_bytes(client: Client, write: DocumentWrite) -> int:
    """Return how many bytes the write takes in the request of `commit`, including its tag and its length."""
    batch = client.batch()
    reference = client.document(write.path)
    if write.must_be_new:
        batch.create(reference, write.fields)
    else:
        batch.set(reference, write.fields, merge=True)
    (message,) = batch._write_pbs
    size = int(message._pb.ByteSize())
    return size + 1 + (size.bit_length() + 6) // 7


@pytest.fixture
def offline_client() -> Client:
    """A client with the longest database name. Google allows 30 characters in a project's id."""
    return anonymous_client(project="p" * 30, database="d" * 63)


@pytest.mark.parametrize("number", range(len(extremes())))
def test_a_writes_size_is_never_underestimated(offline_client: Client, number: int) -> None:
    write = extremes()[number]
    assert message_bytes(write.path, write.fields) >= encoded_bytes(offline_client, write)


def test_the_estimate_of_an_ordinary_video_is_not_wasteful(offline_client: Client) -> None:
    fields = video().to_document() | {"lastSyncedAt": START, "lastJobId": "Qk3VbC0cIFXuKbYfRb2h"}
    write = DocumentWrite(f"{account_path('o', 'p', 'instagram_1')}/videos/v1", fields)
    assert message_bytes(write.path, write.fields) < 2 * encoded_bytes(offline_client, write)


def test_named_database_is_apart_from_the_default_one(emulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One project may have both, and a job is in the database that it was written to."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
    project = f"demo-{uuid4().hex[:12]}"
    named, default = (
        FirestoreStore(firestore_access.firestore_client(project, database=database))
        for database in ("tracking-2", DEFAULT_DATABASE)
    )
    job_id = named.create_job(job_document())
    (found,) = named.open_jobs(10)
    (version,) = named.write_each([JobWrite(job_id, bare_change(status="processing"), found.version)])
    assert isinstance(version, str)
    assert named.count_processing() == 1
    assert (default.open_jobs(10), default.count_processing(), default.get_job(job_id)) == ([], 0, None)


def test_the_largest_commit_is_one_that_the_emulator_takes(firestore_client: Callable[[], Client]) -> None:
    store = FirestoreStore(firestore_client())
    job_id = store.create_job(job_document(status="processing"))
    snapshot = store.get_job(job_id)
    assert snapshot is not None
    caption = "🚀" * 24_000
    writes = [DocumentWrite(f"a/{n:03}", video(n, caption=caption).to_document()) for n in range(100)]
    taken, total = [], 0
    for write in writes:
        total += message_bytes(write.path, write.fields)
        if total > MAX_BYTES_PER_COMMIT:
            break
        taken.append(write)
    assert 30 < len(taken) < 100
    change = jobs.advance(START + timedelta(seconds=1), Progress.VIDEOS_SAVED, Sentence("x" * 1_000))
    assert store.commit(JobWrite(job_id, change, snapshot.version), taken) > snapshot.version


class AtMost:
    """A stand-in for the client's API. It refuses requests of more writes than `accepted`, as Google does."""

    def __init__(self, accepted: int) -> None:
        self.accepted = accepted
        self.sizes: list[int] = []

    def commit(self, request: dict[str, Any], **options: Any) -> CommitResponse:
        return CommitResponse(write_results=self._results(request["writes"]))

    def batch_write(self, request: Any, **options: Any) -> BatchWriteResponse:
        results = self._results(request["writes"])
        return BatchWriteResponse(write_results=results, status=[RpcStatus()] * len(results))

    def _results(self, writes: Sequence[Any]) -> list[WriteResult]:
        self.sizes.append(len(writes))
        if len(writes) > self.accepted:
            raise made(google.InvalidArgument, "Transaction too big. Decrease transaction size.")
        return [WriteResult(update_time=START)] * len(writes)


def test_a_commit_that_is_too_big_is_a_refused_write(offline_client: Client) -> None:
    """The states halve such a commit: tests/unit/test_commit_sizes.py."""
    offline_client._firestore_api_internal = AtMost(1)
    write = JobWrite("a", bare_change(progress=1), VERSION)
    with pytest.raises(WriteRefusedError, match="Transaction too big"):
        FirestoreStore(offline_client).commit(write, [DocumentWrite("a/b", {"n": 1})])


def test_a_batch_that_is_too_big_is_halved(offline_client: Client) -> None:
    offline_client._firestore_api_internal = api = AtMost(3)
    writes = [JobWrite(f"job{number}", bare_change(progress=1), VERSION) for number in range(10)]
    answers = FirestoreStore(offline_client).write_each(writes)
    assert [type(answer) for answer in answers] == [str] * 10
    assert api.sizes == [10, 5, 2, 3, 5, 2, 3]


@pytest.mark.parametrize(("riding", "calls"), [(0, ["BatchWrite"]), (2, ["Commit"] * 40)])
def test_endings_are_one_request_unless_something_rides(
    firestore_client: Callable[[], Client], riding: int, calls: list[str]
) -> None:
    """Each ending with riders needs its own commit, because a batch of many writes is not atomic."""
    sent = RpcRecorder()
    store = FirestoreStore(RecordedClient(sent, firestore_client().project))
    for _ in range(40):
        store.create_job(job_document())
    change = jobs.fail(Status.PENDING, START, Sentence("Why."), "ContractError")
    writes = [
        EndingWrite(
            snapshot.job_id,
            change,
            snapshot.version,
            tuple(DocumentWrite(f"events/{snapshot.job_id}-{number}", {"n": 1}) for number in range(riding)),
        )
        for snapshot in store.pending_jobs(40)
    ]
    sent.calls.clear()
    assert all(isinstance(answer, str) for answer in store.write_each(writes))
    assert sent.names == calls
    assert {number for number, _ in sent.writes()} == ({1 + riding} if riding else set())
    assert len(store.get_documents("events")) == 40 * riding


def test_an_ending_without_answer_stops_those_after_it(offline_client: Client) -> None:
    """A database that does not answer costs 25 s for each ending. The function has no time for hundreds of them."""

    class Away(FirestoreStore):
        asked = 0

        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            self.asked += 1
            time.sleep(0.05)
            raise StoreUnavailableError(Sentence("no answer"))

    store = Away(offline_client)
    change = jobs.fail(Status.PENDING, START, Sentence("Why."), "ContractError")
    rider = DocumentWrite("events/1", {"n": 1})
    with pytest.raises(StoreUnavailableError):
        store.write_each([EndingWrite(f"job{number}", change, VERSION, (rider,)) for number in range(300)])
    assert 0 < store.asked < 100


def test_contention_of_one_ending_is_the_answer_of_that_one(offline_client: Client) -> None:
    """Many jobs may share the document that a rider writes. A batch, too, reports contention only for that write."""

    class Contended(FirestoreStore):
        def commit(self, job: JobWrite, documents: Sequence[DocumentWrite] = ()) -> str:
            if job.job_id == "job1":
                raise StoreUnavailableError(Sentence("busy")) from google.Aborted("contention")  # type: ignore[no-untyped-call]
            return VERSION

    store = Contended(offline_client)
    change = jobs.fail(Status.PENDING, START, Sentence("Why."), "ContractError")
    rider = DocumentWrite("events/1", {"n": 1})
    answers = store.write_each([EndingWrite(f"job{number}", change, VERSION, (rider,)) for number in range(3)])
    assert answers == [VERSION, Unwritable("ABORTED"), VERSION]
