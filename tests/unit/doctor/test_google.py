"""Checks of the Google project, on hand-made answers with the fields of Google's API references."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2.credentials import Credentials

from cli.doctor import google
from cli.doctor.checks import Check, Verdict, finding_of
from cli.doctor.google import AUTH_RIGHT, FIRESTORE_RIGHTS, Google
from cli.doctor.stage import Stage
from local.paths import ROOT

PROJECT = "tracking-1"
DATABASE = f"firestore.googleapis.com/v1/projects/{PROJECT}/databases/(default)"
INDEXES = f"{DATABASE}/collectionGroups/-/indexes"
FIELDS = f"{DATABASE}/collectionGroups/-/fields"
RELEASE = f"firebaserules.googleapis.com/v1/projects/{PROJECT}/releases/cloud.firestore"
RULESET = f"firebaserules.googleapis.com/v1/projects/{PROJECT}/rulesets/1"
BILLING = f"cloudbilling.googleapis.com/v1/projects/{PROJECT}/billingInfo"
RIGHTS = f"cloudresourcemanager.googleapis.com/v1/projects/{PROJECT}:testIamPermissions"
OURS = json.loads((ROOT / "firestore.indexes.json").read_text())
OUR_RULES = (ROOT / "firestore.rules").read_text()

Answers = Mapping[str, Any]  # by address: a body, or a status with the reason of a refusal


def refusal(status: int, reason: str = "") -> httpx.Response:
    """Return a refusal in the form of https://cloud.google.com/apis/design/errors#http_mapping"""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return httpx.Response(status, json={"error": {"code": status, "message": "Said\nso.", "details": details}})


def apis(answers: Answers, database: str = "(default)") -> Google:
    """Return Google's APIs with these answers, for an operator and functions that have tokens."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer a-token"
        found = answers.get(f"{request.url.host}{request.url.path}", refusal(404))
        if isinstance(found, list):  # pages
            return httpx.Response(200, json=found[int(request.url.params.get("pageToken", "0"))])
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    made = Google(PROJECT, database, "a-secret", httpx.Client(transport=httpx.MockTransport(answer)))
    token = Credentials(token="a-token")  # type: ignore[no-untyped-call]
    made._found = {"functions": token, "operator": token}
    return made


def database(**changes: object) -> dict[str, object]:
    """https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases"""
    fields = {"type": "FIRESTORE_NATIVE", "locationId": "nam5", "databaseEdition": "STANDARD"}
    return fields | {"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED"} | changes


def index(entry: Mapping[str, Any], state: str = "READY") -> dict[str, Any]:
    """https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.collectionGroups.indexes"""
    name = f"projects/{PROJECT}/databases/(default)/collectionGroups/{entry['collectionGroup']}/indexes/CICA"
    fields = [*entry["fields"], {"fieldPath": "__name__", "order": "ASCENDING"}]
    return {"name": name, "queryScope": entry["queryScope"], "fields": fields, "state": state}


def setting(entry: Mapping[str, Any], ttl: str = "ACTIVE") -> dict[str, Any]:
    """https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.collectionGroups.fields"""
    path = f"collectionGroups/{entry['collectionGroup']}/fields/{entry['fieldPath']}"
    order = [{"queryScope": one["queryScope"], "fields": [{"order": one["order"]}]} for one in entry["indexes"]]
    made = {"name": f"projects/{PROJECT}/databases/(default)/{path}", "indexConfig": {"indexes": order}}
    return made | ({"ttlConfig": {"state": ttl}} if entry.get("ttl") else {})


def indexes(state: str = "READY") -> dict[str, Any]:
    return {"indexes": [index(entry, state) for entry in OURS["indexes"]]}


def fields(ttl: str = "ACTIVE") -> dict[str, Any]:
    return {"fields": [setting(entry, ttl) for entry in OURS["fieldOverrides"]]}


def rules(content: str) -> Answers:
    """https://firebase.google.com/docs/reference/rules/rest/v1/projects.rulesets"""
    release = {"rulesetName": f"projects/{PROJECT}/rulesets/1", "updateTime": "2026-11-29T12:00:00Z"}
    return {RELEASE: release, RULESET: {"source": {"files": [{"name": "firestore.rules", "content": content}]}}}


USERS_KICK = partial(google.roles, pages_kick=True)
ALL_RIGHTS = {"permissions": [*FIRESTORE_RIGHTS, AUTH_RIGHT]}
OTHERS = "match /notes/{id} { allow read; }"
WITH_OTHERS = OUR_RULES.replace("/documents {", f"/documents {{ {OTHERS}", 1)
NO_ALLOW = OUR_RULES.replace("allow read: if isMember", "allow read: if true || isMember", 1)
TWO_PAGES = [
    {"indexes": indexes()["indexes"][:4], "nextPageToken": "1"},
    {"indexes": indexes()["indexes"][4:]},
]

CASES: list[tuple[Callable[..., str], Answers, Verdict, str]] = [
    (google.database, {DATABASE: database()}, Verdict.OK, "(default) in nam5, native mode"),
    (google.database, {DATABASE: database(type="DATASTORE_MODE")}, Verdict.WRONG, "is DATASTORE_MODE"),
    (google.database, {DATABASE: database(databaseEdition="ENTERPRISE")}, Verdict.WRONG, "edition ENTERPRISE"),
    (google.database, {}, Verdict.WRONG, "there is no database (default)"),
    (
        google.database,
        {DATABASE: database(pointInTimeRecoveryEnablement="")},
        Verdict.NOTE,
        "no point-in-time recovery",
    ),
    (google.database, {DATABASE: refusal(403)}, Verdict.UNKNOWN, "does not let you look: Said so."),
    (
        google.database,
        {DATABASE: refusal(403, "SERVICE_DISABLED")},
        Verdict.UNKNOWN,
        "firestore.googleapis.com is switched off",
    ),
    (google.database, {DATABASE: refusal(500)}, Verdict.WRONG, "answered 500"),
    (google.indexes, {INDEXES: indexes()}, Verdict.OK, f"all {len(OURS['indexes'])} are READY"),
    (google.indexes, {INDEXES: TWO_PAGES}, Verdict.OK, "are READY"),
    (google.indexes, {INDEXES: {"indexes": indexes()["indexes"][1:]}}, Verdict.WRONG, "1 of"),
    (google.indexes, {INDEXES: {}}, Verdict.WRONG, "are missing"),
    (google.indexes, {INDEXES: indexes("CREATING")}, Verdict.WRONG, "are being built"),
    (google.indexes, {INDEXES: indexes("NEEDS_REPAIR")}, Verdict.WRONG, "need repair"),
    (google.indexes, {INDEXES: refusal(403)}, Verdict.UNKNOWN, "does not let you look"),
    (
        google.fields,
        {FIELDS: fields()},
        Verdict.OK,
        "trackingJobs.expireAt, refreshJobs.expireAt, outbox.expireAt, mail.expireAt, deliveries.expireAt is ACTIVE",
    ),
    (google.fields, {FIELDS: {}}, Verdict.WRONG, "are missing"),
    (google.fields, {FIELDS: fields("CREATING")}, Verdict.NOTE, "being applied"),
    (google.fields, {FIELDS: fields("NEEDS_REPAIR")}, Verdict.WRONG, "need repair"),
    (google.rules, rules(OUR_RULES), Verdict.OK, "those of firestore.rules, since 2026-11-29"),
    (google.rules, rules(f"// copied\n{OUR_RULES}\n\n"), Verdict.OK, "those of firestore.rules"),
    (google.rules, rules(WITH_OTHERS), Verdict.NOTE, "other rules than firestore.rules, with all its blocks"),
    (google.rules, rules(NO_ALLOW), Verdict.WRONG, "lack, or have otherwise: match /trackingJobs/{jobId}"),
    (google.rules, {}, Verdict.WRONG, "no rules are deployed"),
    (google.rules, {RELEASE: refusal(403)}, Verdict.UNKNOWN, "does not let you look"),
    (google.billing, {BILLING: {"billingEnabled": True}}, Verdict.OK, "billing is enabled"),
    (google.billing, {BILLING: {"billingAccountName": ""}}, Verdict.WRONG, "no billing"),
    (google.billing, {BILLING: refusal(403, "SERVICE_DISABLED")}, Verdict.UNKNOWN, "billing is not shown to you"),
    (USERS_KICK, {RIGHTS: ALL_RIGHTS}, Verdict.OK, "read and write"),
    (USERS_KICK, {RIGHTS: {"permissions": list(FIRESTORE_RIGHTS)}}, Verdict.WRONG, f"lacks {AUTH_RIGHT}"),
    (USERS_KICK, {RIGHTS: {"permissions": [AUTH_RIGHT]}}, Verdict.WRONG, f"lacks {FIRESTORE_RIGHTS[0]}"),
    (USERS_KICK, {RIGHTS: {}}, Verdict.WRONG, FIRESTORE_RIGHTS[-1]),
    (USERS_KICK, {RIGHTS: refusal(403, "SERVICE_DISABLED")}, Verdict.UNKNOWN, "cloudresourcemanager.googleapis.com"),
]


@pytest.mark.parametrize(("look", "answers", "verdict", "words"), CASES)
def test_a_check_judges_googles_answers(
    look: Callable[..., str], answers: Answers, verdict: Verdict, words: str
) -> None:
    finding = finding_of(Check("name", partial(look, apis(answers))))
    assert (finding.verdict, words in finding.found) == (verdict, True), finding
    if verdict in (Verdict.WRONG, Verdict.NOTE) and "answered 500" not in words:
        assert finding.mend
    assert "a-token" not in f"{finding}"


def test_users_who_cannot_kick_are_a_note_without_pages() -> None:
    answers = {RIGHTS: {"permissions": list(FIRESTORE_RIGHTS)}}
    finding = finding_of(Check("name", partial(google.roles, apis(answers), pages_kick=False)))
    assert (finding.verdict, "users cannot kick" in finding.found) == (Verdict.NOTE, True)


def test_each_check_passes_in_one_case_and_fails_in_another() -> None:
    stage = Stage("prod", "stack", "us-east-1", {"GoogleCloudProject": PROJECT})
    made = {cast("partial[str]", check.look).func for check in google.checks(stage, httpx.Client())}
    made -= {google.token, google.sign_in, google.reading}  # below, and in tests/integration/test_doctor.py
    for verdict in (Verdict.OK, Verdict.WRONG):
        assert {getattr(look, "func", look) for look, _, expected, _ in CASES if expected is verdict} == made


def test_rules_of_a_named_database_have_their_own_release() -> None:
    named = apis({f"{RELEASE}/second": {"rulesetName": f"projects/{PROJECT}/rulesets/1"}, **rules(OUR_RULES)}, "second")
    assert google.rules(named).startswith("those of firestore.rules")
    assert finding_of(Check("name", partial(google.rules, apis(rules(OUR_RULES), "second")))).verdict is Verdict.WRONG


def test_our_rules_have_their_blocks() -> None:
    found = google.blocks(OUR_RULES)
    assert {"function member(orgId)", "match /trackingJobs/{jobId}"} <= found.keys()
    assert all(block.endswith("}") and block.count("{") == block.count("}") for block in found.values())


# Credentials


@dataclass
class TokenServer:
    """Stands in for google-auth's transport. `answers`: the token server's ones, one after another."""

    answers: list[tuple[int, dict[str, Any]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, method: str = "GET", **_: object) -> Any:
        self.asked.append(url)
        status, body = self.answers.pop(0)
        text = json.dumps(body).encode()

        class Response:
            headers = {"content-type": "application/json"}  # noqa: RUF012
            data = text

        Response.status = status  # type: ignore[attr-defined]
        return Response()


def service_account() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    email = f"functions@{PROJECT}.iam.gserviceaccount.com"
    server = {"token_uri": "https://oauth2.googleapis.com/token"}
    return {"type": "service_account", "project_id": PROJECT, "private_key": pem, "client_email": email} | server


KEYLESS = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws",
    "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
    "token_url": "https://sts.googleapis.com/v1/token",
    "credential_source": {
        "environment_id": "aws1",
        "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    },
}


@pytest.fixture
def with_secret(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Google]:
    """A function that returns Google's APIs with this secret, and these answers of the token server."""

    def make(secret: Mapping[str, Any], *answers: tuple[int, dict[str, Any]]) -> Google:
        monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        for name, value in {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("tracking.google_credentials.secret", lambda _name, _refused=None: json.dumps(secret))
        monkeypatch.setattr(google, "needed_secret", lambda _name: "")
        server = TokenServer(list(answers))
        monkeypatch.setattr(google, "Request", lambda: server)
        return Google(f"tracking-{uuid4().hex[:8]}", "(default)", "a-secret", httpx.Client())

    return make


def test_accepted_key_gives_a_token(with_secret: Callable[..., Google]) -> None:
    made = with_secret(service_account(), (200, {"access_token": "t", "expires_in": 3600}))
    assert google.token(made) == f"a token for functions@{PROJECT}.iam.gserviceaccount.com"


def test_revoked_key_is_wrong_and_told_once(with_secret: Callable[..., Google]) -> None:
    """The checks that need a token say so; they do not ask Google again."""
    made = with_secret(
        service_account(), (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    )
    of_token = finding_of(Check("token", partial(google.token, made)))
    of_roles = finding_of(Check("roles", partial(google.roles, made, pages_kick=True)))
    assert (of_token.verdict, "invalid_grant" in of_token.found, bool(of_token.mend)) == (Verdict.WRONG, True, True)
    assert (of_roles.verdict, of_roles.found) == (Verdict.UNKNOWN, "needs Google credentials")


def test_malformed_credentials_are_wrong(with_secret: Callable[..., Google]) -> None:
    finding = finding_of(Check("token", partial(google.token, with_secret({"type": "authorized_user"}))))
    assert (finding.verdict, "does not hold usable Google credentials" in finding.found) == (Verdict.WRONG, True)


def test_keyless_access_that_refuses_the_operator_is_not_known(with_secret: Callable[..., Google]) -> None:
    """The pool may admit the functions' roles alone. The operator's machine cannot tell."""
    refused = {"error": "unauthorized_client", "error_description": "The given credential is rejected."}
    finding = finding_of(Check("token", partial(google.token, with_secret(KEYLESS, (400, refused)))))
    assert (finding.verdict, "the pool may admit" in finding.found) == (Verdict.UNKNOWN, True), finding


def test_operator_without_credentials_looks_as_the_functions(
    with_secret: Callable[..., Google], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(**_: object) -> None:
        raise DefaultCredentialsError("nobody is signed in")  # type: ignore[no-untyped-call]

    monkeypatch.setattr("google.auth.default", nobody)
    made = with_secret(service_account(), (200, {"access_token": "t", "expires_in": 3600}))
    assert made.operator() is made.functions()
    finding = finding_of(Check("name", partial(google.sign_in, made)))
    assert (finding.verdict, finding.mend) == (Verdict.NOTE, "gcloud auth application-default login")


def test_calls_of_a_person_count_for_the_project(
    with_secret: Callable[..., Google], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the header Google refuses a person's calls to some APIs. An account of a program needs none."""
    person = Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token="r", token_uri="https://oauth2.googleapis.com/token", client_id="c", client_secret="s"
    )
    monkeypatch.setattr("google.auth.default", lambda **_: (person, None))
    made = with_secret({}, (200, {"access_token": "t", "expires_in": 3600}))
    headers: dict[str, str] = {}
    made.operator().apply(headers)  # type: ignore[no-untyped-call]
    assert google.sign_in(made) == "you are signed in"
    assert headers == {"authorization": "Bearer t", "x-goog-user-project": made.project}


def test_expired_sign_in_of_the_operator_is_wrong(
    with_secret: Callable[..., Google], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token="r", token_uri="https://oauth2.googleapis.com/token", client_id="c", client_secret="s"
    )
    monkeypatch.setattr("google.auth.default", lambda **_: (person, None))
    made = with_secret({}, (400, {"error": "invalid_grant", "error_description": "Token has been expired."}))
    finding = finding_of(Check("name", partial(google.sign_in, made)))
    assert (finding.verdict, finding.mend) == (Verdict.WRONG, "gcloud auth application-default login")
    assert finding_of(Check("name", partial(google.billing, made))).found == "needs Google credentials"
