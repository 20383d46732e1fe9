"""Comparison of firestore.indexes.json with the queries that the store really makes. The emulator needs no indexes.

web/tests/mocked/indexes.test.ts compares the web's queries with the same file.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from google.cloud.firestore_v1.types import StructuredQuery

from cleanup import removals
from local.paths import ROOT
from notify import due, windows
from tests.clients import anonymous_client
from tests.doubles import START
from tracking import jobs
from tracking.budgets import BudgetLimits, Budgets
from tracking.history import thinning
from tracking.jobs import PlatformName, Status
from tracking.mail import letters
from tracking.mail.preferences import settings_path
from tracking.mail.windows import Window
from tracking.store import JOBS, MAIL, MAIL_WINDOWS, OUTBOX, REFRESHES, JobFilter, JobSnapshot
from tracking.store.firestore import FirestoreStore
from tracking.webhooks import DELIVERIES, ENDPOINTS
from trigger.control import REFRESH_SLOTS, SLOTS, WRITTEN_BY
from trigger.turns import FIELD as TURNS

EQUALITY = {StructuredQuery.FieldFilter.Operator.EQUAL, StructuredQuery.FieldFilter.Operator.IN}


class Index(NamedTuple):
    """A composite index. Its equality fields may stand in any order; the ordered fields come after them."""

    collection: str
    equal: frozenset[str]
    ordered: tuple[tuple[str, str], ...]


def filters(where: StructuredQuery.Filter) -> list[Any]:
    if where.composite_filter.filters:
        return [found for part in where.composite_filter.filters for found in filters(part)]
    return [where.field_filter] if where.field_filter.field.field_path else []


def needed(query: StructuredQuery) -> Index | None:
    """Return the index that a query needs, or None if Firestore's automatic index of one field is enough."""
    equal = frozenset(f.field.field_path for f in filters(query.where) if f.op in EQUALITY)
    ranges = {f.field.field_path for f in filters(query.where) if f.op not in EQUALITY}
    ordered = tuple(
        (order.field.field_path, order.direction.name)
        for order in query.order_by
        if order.field.field_path != "__name__"  # every index ends with it
    )
    if not query.order_by:  # Firestore orders by the field of a range filter
        ordered = tuple((name, "ASCENDING") for name in ranges)
    assert ranges <= {name for name, _ in ordered}, "a range is on a field that the query orders by"
    if len(equal | {name for name, _ in ordered}) <= 1:
        return None
    return Index(query.from_[0].collection_id, equal, ordered)


def serves(index: Any, query: Index) -> bool:
    fields = [(field["fieldPath"], field["order"]) for field in index["fields"]]
    first = len(query.equal)
    return (
        index["collectionGroup"] == query.collection
        and {name for name, _ in fields[:first]} == query.equal
        and tuple(fields[first:]) == query.ordered
    )


def is_merged(query: Index) -> bool:
    """Return whether Firestore joins the indexes of the fields: they are compared, and nothing is ordered."""
    return not query.ordered and all((query.collection, name) in OF_STRANGERS for name in query.equal)


OF_PAGES = [
    # for the web's `cleanupOldJobs`
    [
        {"fieldPath": "orgId", "order": "ASCENDING"},
        {"fieldPath": "status", "order": "ASCENDING"},
        {"fieldPath": "completedAt", "order": "ASCENDING"},
    ],
]
"""Fields of indexes that pages alone need. web/tests/mocked/indexes.test.ts checks their queries."""


class Unanswered:
    """A stand-in for a client's API that records each call with its request, and returns no results."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(request: dict[str, Any], **options: Any) -> Any:
            self.calls.append((name, request))
            return iter(())

        return call


@pytest.fixture
def made() -> list[StructuredQuery]:
    """All queries of the store, with every combination of their arguments."""
    client = anonymous_client("demo-indexes")
    recorded = client._firestore_api_internal = Unanswered()
    store = FirestoreStore(client)
    store.open_jobs(200)
    store.pending_jobs(500)
    store.pending_jobs(200, without=[PlatformName.YOUTUBE])
    store.pending_jobs(200, from_id="job1")
    store.processing_jobs(2000)
    store.next_waiting_org("o", list(PlatformName))
    store.pending_of_org("o", [PlatformName.YOUTUBE], 50)
    store.pending_of_org("o", [PlatformName.YOUTUBE], 50, since=START)
    store.oldest_pending([PlatformName.YOUTUBE], 1)
    store.count_processing()
    store.expired_jobs(START, 10)
    store.finished_jobs(500)
    store.finished_jobs(500, from_id="job1")
    store.jobs_ended_since(START, 500)
    store.jobs_ended_since(START, 500, JobSnapshot("job1", {"completedAt": START}, "", START, START))
    store.due_accounts(START, list(PlatformName), 500)
    store.due_accounts(START, list(PlatformName), 500, since=START)
    store.count_due(START, list(PlatformName))
    store.get_newest("organizations/o/projects/p/trackedAccounts/a/videos", "publishedAt", 12)
    store.get_documents("organizations/o/projects/p/trackedAccounts/a/videos")
    for group, field in DUE.items():
        store.due_documents(group, field, START, 10)
        store.due_documents(group, field, START, 10, (START, f"organizations/o/{group}/2026-03"))
    store.documents_in("organizations/o/projects/p/trackedAccounts/a/videos", 400)
    for org, project, status in itertools.product((None, "o"), (None, "p"), (None, Status.FAILED)):
        store.list_jobs(JobFilter(org_id=org, project_id=project, status=status), 20)
    store.due_events(START, 200)
    store.stored_in("organizations/o/webhookEndpoints", 20)
    store.list_events("o", None, 20)
    store.list_events("o", "p", 20)
    store.list_deliveries("organizations/o/webhookEndpoints/e", ["failed", "skipped"], START, 500)
    store.list_deliveries("organizations/o/webhookEndpoints/e", ["failed", "skipped"], START, 500, (START, "d"))
    store.list_mail("o", 20)
    store.documents_with("organizations/o/members", "role", ["admin", "owner"], 20)
    store.documents_with("organizations/o/notificationSettings", "alerts", [True], 20)
    store.documents_with("organizations/o/notificationSettings", "alerts", [True], 20, settings_path("o", "u"))
    store.documents_with("mail", "delivery.state", ["ERROR"], 20)
    store.has_open_job("o", "u")
    return [request["structured_query"] for name, request in recorded.calls if name == "run_query"]


def test_every_query_has_its_index_and_every_index_its_query(made: list[StructuredQuery]) -> None:
    assert len(made) == 56
    written = json.loads((ROOT / "firestore.indexes.json").read_text())["indexes"]
    scopes = {index["collectionGroup"]: index["queryScope"] for index in written}
    single = dict.fromkeys([JOBS, OUTBOX, "deliveries", "mail"], "COLLECTION")
    assert scopes == single | {"trackedAccounts": "COLLECTION_GROUP"}
    queries = {index for query in made if (index := needed(query)) and not is_merged(index)}
    serving = {query: [number for number, index in enumerate(written) if serves(index, query)] for query in queries}
    assert {query: len(found) for query, found in serving.items()} == dict.fromkeys(queries, 1)
    of_pages = [number for number, index in enumerate(written) if index["fields"] in OF_PAGES]
    assert sorted([*(number for (number,) in serving.values()), *of_pages]) == list(range(len(written)))


def test_pending_queries_have_no_order_by_field(made: list[StructuredQuery]) -> None:
    """An order by a field would skip malformed jobs without that field."""
    pending = [q for q in made if [f.value.string_value for f in filters(q.where)] == ["pending"]]
    assert [[order.field.field_path for order in q.order_by] for q in pending] == [[], ["__name__"]]
    assert [q.limit for q in pending] == [500, 200]


def test_finished_jobs_are_ordered_by_their_ids_alone(made: list[StructuredQuery]) -> None:
    of_jobs = [q for q in made if q.from_[0].collection_id == JOBS]
    finished = [q for q in of_jobs if any(f.value.array_value.values for f in filters(q.where)) and q.limit == 500]
    assert [[order.field.field_path for order in q.order_by] for q in finished] == [["__name__"], ["__name__"]]


def test_what_expires_has_a_ttl_field_without_an_index() -> None:
    """An index on a field whose values only grow would slow every write of the field.

    https://firebase.google.com/docs/firestore/ttl#ttl_fields_and_indexes
    """
    with_ttl = [override for override in overrides() if "ttl" in override]
    assert with_ttl == [
        {"collectionGroup": group, "fieldPath": "expireAt", "ttl": True, "indexes": []}
        for group in (JOBS, REFRESHES, OUTBOX, MAIL, DELIVERIES)
    ]


def overrides() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "firestore.indexes.json").read_text())["fieldOverrides"]
    return found


def alone(query: StructuredQuery) -> tuple[str, str] | None:
    """Return the field whose index of its own serves the query, with its collection, or None.

    The order of ids alone needs no index.
    """
    fields = {f.field.field_path for f in filters(query.where)} | {order.field.field_path for order in query.order_by}
    fields -= {"__name__"}
    if len(fields) != 1 or needed(query):
        return None
    return query.from_[0].collection_id, fields.pop()


def across(query: StructuredQuery) -> bool:
    """Return whether the query asks all collections of one name."""
    return bool(query.from_[0].all_descendants)


DUE = {
    "accountHistory": thinning.DUE,
    "videoHistory": thinning.DUE,
    removals.COLLECTION: removals.REMOVED_AT,
    MAIL_WINDOWS: "dueAt",
    MAIL: letters.DUE,
    DELIVERIES: due.DUE,
    OUTBOX: windows.DUE,
}
OF_STRANGERS = {(JOBS, name) for name in ("orgId", "projectId", "userId", "platform", "status")}
"""Fields that pages of others may compare for equality, in any combination: docs/design.md, section 3. Firestore joins
the fields' own indexes: https://firebase.google.com/docs/firestore/query-data/index-overview#taking_advantage_of_index_merging
"""
OF_OUR_PAGES = {
    *(("trackedAccounts", name) for name in ("dateAdded", "growth")),  # of a map, each field has its index
    *(("videos", name) for name in ("publishedAt", "d1", "d7", "multiplier", "unavailableSince")),
    ("deliveries", "createdAt"),
}
"""web/tests/mocked/indexes.test.ts checks these queries."""
ACCOUNT = json.loads((ROOT / "contracts" / "account.json").read_text())
WEBHOOKS = json.loads((ROOT / "contracts" / "webhooks.json").read_text())
DUE_EVENTS = {(OUTBOX, "dueAt")}
"""The field by which whoever hands events on finds those that nobody has handed on. Each event has an entry for it."""
OF_DELIVERY_LOGS = {(DELIVERIES, "state"), (DELIVERIES, "createdAt")}
"""Fields by which pages list an endpoint's deliveries."""
FIELDS = {
    (collection, name)
    for collection, names in {
        JOBS: jobs.DOCUMENT_FIELDS,
        "trackedAccounts": ACCOUNT["account"]["fields"],
        "videos": ACCOUNT["video"]["fields"],
        "accountHistory": {"days", "weeks", thinning.DUE},
        "videoHistory": {"v", thinning.DUE},
        "videoIndex": {"v", "of"},
        removals.COLLECTION: {removals.REMOVED_AT, "removedBy"},
        REFRESHES: {"expireAt"},
        OUTBOX: {"event", "dueAt", windows.DUE, "expireAt"},
        MAIL: {"to", "from", "replyTo", "headers", "message", "delivery", letters.DUE, "orgId", "userId", "expireAt"},
        MAIL_WINDOWS: Window().to_fields(),
        DELIVERIES: WEBHOOKS["delivery"]["fields"],
        ENDPOINTS: {"eventTypes", "projectIds", "health"},  # lists and maps; the rest of a few documents is small
        "trackingControl": {
            *(SLOTS, REFRESH_SLOTS, TURNS, WRITTEN_BY),
            *Budgets(None, BudgetLimits(), START).to_fields(),
        },
    }.items()
    for name in names
}
"""Every field of every document that this system writes, with its collection. Left out: pauses, webhooks' endpoints,
settings for mails and suppressed addresses, which are few and small, and fields of control documents that are written
once a day or less."""


def test_fields_without_a_query_of_their_own_have_no_index(made: list[StructuredQuery]) -> None:
    """A field is indexed alone exactly if a query needs that. The indexes of several fields do not depend on it.

    https://firebase.google.com/docs/firestore/query-data/index-overview#single-field_index_exemptions
    """
    asked = {field for query in made if not across(query) and (field := alone(query))}
    of_mail = {("members", "role"), ("notificationSettings", "alerts"), (MAIL, letters.STATE)}
    of_jobs = {(JOBS, "status"), (JOBS, "createdAt"), (JOBS, "completedAt")}
    assert asked == of_jobs | {("videos", "publishedAt")} | of_mail | DUE_EVENTS
    exempt = [(override["collectionGroup"], override["fieldPath"]) for override in overrides()]
    assert len(exempt) == len(set(exempt))
    others = OF_STRANGERS | OF_OUR_PAGES | DUE_EVENTS | OF_DELIVERY_LOGS | {(MAIL, "delivery")}
    assert set(exempt) == FIELDS - asked - others


def test_queries_of_all_accounts_have_an_index_of_one_field(made: list[StructuredQuery]) -> None:
    """Without an entry in the file, Firestore indexes a field for queries of one collection alone.

    https://firebase.google.com/docs/firestore/query-data/index-overview#query_scopes
    """
    asked = {field for query in made if across(query) and (field := alone(query))}
    assert asked == set(DUE.items())
    ascending = [{"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"}]
    indexed = {(one["collectionGroup"], one["fieldPath"]): one["indexes"] for one in overrides() if one["indexes"]}
    assert indexed == dict.fromkeys(asked, ascending)
    orders = {order.direction.name for query in made if across(query) for order in query.order_by}
    assert orders == {"ASCENDING"}


def test_no_exemption_is_for_a_whole_collection() -> None:
    """`*` would first drop all indexes of a database in use, because firebase-tools deploys it before the others."""
    assert not [override for override in overrides() if "*" in override["fieldPath"]]


def test_exemptions_leave_room_for_those_of_others() -> None:
    """A database without billing has 200 of them: https://firebase.google.com/docs/firestore/quotas#indexes

    Webhooks and mail need about 30: their documents are many, and most of their fields are maps, lists and texts.
    """
    assert len(overrides()) <= 130
