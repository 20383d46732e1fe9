"""Checks of the Google project: credentials, roles, Firestore's database, indexes and rules, and billing.

Two identities look. The functions' own credentials show what the functions may do. Everything else is asked as the
operator (application default credentials), because the functions' account may not see it; without such credentials,
the functions' account is tried.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import google.auth
import httpx
from google.auth import external_account
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import credentials as user_credentials

from cli.doctor.aws import needed_secret
from cli.doctor.checks import Check, FindingError, note, skipped, unknown, wrong
from cli.doctor.stage import Stage
from local.paths import ROOT
from tracking import pauses
from tracking.errors import CredentialsError
from tracking.firestore_access import firestore_client
from tracking.google_credentials import SecretCredentials, firebase_app
from tracking.settings import DEFAULT_DATABASE
from tracking.store.firestore import FirestoreStore

CALL_LIMIT_S = 8.0
NOT_FOUND = 404
FORBIDDEN = 403

FIRESTORE_RIGHTS = (
    *("datastore.databases.get", "datastore.entities.create", "datastore.entities.delete"),
    *("datastore.entities.get", "datastore.entities.list", "datastore.entities.update"),
)
"""The rights of the functions, which `roles/datastore.user` has: https://firebase.google.com/docs/firestore/security/iam
"""

AUTH_RIGHT = "firebaseauth.users.get"
"""To look up a user who kicks. `roles/firebaseauth.viewer` has it: https://firebase.google.com/docs/projects/iam/roles"""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_FIRESTORE = "https://firestore.googleapis.com/v1"
_RULES = "https://firebaserules.googleapis.com/v1"
_BILLING = "https://cloudbilling.googleapis.com/v1"
_PROJECTS = "https://cloudresourcemanager.googleapis.com/v1/projects"
_SIGN_IN = "gcloud auth application-default login"


class Google:
    """Calls to Google's APIs about one project, as JSON over HTTP. Checks that run at the same time may share it."""

    def __init__(self, project: str, database: str, credentials_secret: str, http: httpx.Client) -> None:
        self.project = project
        self.database = database
        self.secret = credentials_secret
        self._http = http
        self.looks_as_functions = False  # the operator has no credentials of its own
        self._lock = threading.RLock()
        self._found: dict[str, Credentials | FindingError] = {}

    def functions(self) -> Credentials:
        """Return the functions' credentials, with a token. Raises FindingError."""
        return self._once("functions", self._of_functions)

    def operator(self) -> Credentials:
        """Return the operator's credentials; the functions' ones if there are none. Raises FindingError."""
        return self._once("operator", self._of_operator)

    def _once(self, name: str, find: Callable[[], Credentials]) -> Credentials:
        with self._lock:
            if name not in self._found:
                try:
                    self._found[name] = find()
                except FindingError as error:
                    self._found[name] = error
            found = self._found[name]
        if isinstance(found, FindingError):
            raise found
        return found

    def _of_functions(self) -> Credentials:
        needed_secret(self.secret)
        try:
            found = firebase_app(self.project, self.secret).credential.get_credential()
        except CredentialsError as error:
            raise wrong(str(error), "store the key or the configuration again") from error
        credentials = found.of_google if isinstance(found, SecretCredentials) else found
        try:
            return _with_token(credentials)
        except GoogleAuthError as error:
            if isinstance(credentials, external_account.Credentials):
                found = (
                    f"keyless, and you get no token ({_reason(error)}): the pool may admit only the functions' roles"
                )
                raise unknown(found, "after the deployment see the check `ticks`") from error
            mend = f"make a new key for the service account, and store it in {self.secret}"
            raise wrong(f"Google gives no token: {_reason(error)}", mend) from error

    def _of_operator(self) -> Credentials:
        try:
            found, _ = google.auth.default(scopes=[_SCOPE])
        except DefaultCredentialsError:
            self.looks_as_functions = True
            return _needed(self.functions)
        if isinstance(found, user_credentials.Credentials):
            # A person's calls count for a project: https://cloud.google.com/docs/quotas/quota-project
            found = found.with_quota_project(self.project)
        try:
            return _with_token(found)
        except GoogleAuthError as error:
            raise wrong(f"Google gives no token for your own credentials: {_reason(error)}", _SIGN_IN) from error

    def call(self, method: str, url: str, credentials: Credentials, body: Any = None, **params: str) -> dict[str, Any]:
        """Return the answer's body. Raises RefusedError for a refusal, and httpx.HTTPError without an answer."""
        headers = {"Accept": "application/json"}
        with self._lock:
            credentials.before_request(Request(), method, url, headers)  # type: ignore[no-untyped-call]
        answer = self._http.request(method, url, json=body, params=params, headers=headers, timeout=CALL_LIMIT_S)
        if answer.is_success:
            return dict(answer.json())
        raise RefusedError(answer)

    def pages(self, url: str, key: str, **params: str) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self.call("GET", url, self.operator(), **params, **token)
            yield from page.get(key, [])
            if not page.get("nextPageToken"):
                return
            token = {"pageToken": page["nextPageToken"]}

    @property
    def database_url(self) -> str:
        return f"{_FIRESTORE}/projects/{self.project}/databases/{self.database}"


class RefusedError(FindingError):
    """Google refused a call. The form of a refusal: https://cloud.google.com/apis/design/errors#error_model"""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            error = dict(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            error = {}
        self.status = answer.status_code
        self.reasons = {str(detail.get("reason")) for detail in error.get("details", []) if isinstance(detail, dict)}
        service = answer.url.host
        message = " ".join(str(error.get("message", "no reason")).split())[:200]
        if "SERVICE_DISABLED" in self.reasons:
            told = unknown(f"the API {service} is switched off", f"gcloud services enable {service}")
        elif answer.status_code == FORBIDDEN:
            told = unknown(
                f"Google does not let you look: {message}", "ask an owner of the project, or see the console"
            )
        else:
            told = wrong(f"{service} answered {answer.status_code}: {message}")
        super().__init__(told.verdict, told.found, told.mend)


def _with_token(credentials: Credentials) -> Credentials:
    credentials.refresh(partial(Request(), timeout=CALL_LIMIT_S))  # type: ignore[no-untyped-call]
    return credentials


def _reason(error: Exception) -> str:
    return " ".join(str(error.args[0] if error.args else type(error).__name__).split())[:150]


def _needed(find: Callable[[], Credentials]) -> Credentials:
    """Return credentials for a check that needs them. Another check tells what is wrong with them."""
    try:
        return find()
    except FindingError as error:
        raise unknown("needs Google credentials") from error


def token(google_apis: Google) -> str:
    credentials = google_apis.functions()
    name = getattr(credentials, "service_account_email", None) or "the machine's own credentials"
    return f"a token for {name}"


def sign_in(google_apis: Google) -> str:
    """Look whether the operator is signed in: https://cloud.google.com/docs/authentication/application-default-credentials"""
    google_apis.operator()
    if google_apis.looks_as_functions:
        raise note("you are not signed in, so the functions' account looks, which may see less", _SIGN_IN)
    return "you are signed in"


def roles(google_apis: Google, *, pages_kick: bool) -> str:
    """Ask which of the functions' rights their account has. The question itself needs no right.

    https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
    """
    url = f"{_PROJECTS}/{google_apis.project}:testIamPermissions"
    asked = [*FIRESTORE_RIGHTS, AUTH_RIGHT]
    has = google_apis.call("POST", url, _needed(google_apis.functions), {"permissions": asked}).get("permissions", [])
    give = f"gcloud projects add-iam-policy-binding {google_apis.project} --member serviceAccount:... --role "
    if lacks := [right for right in FIRESTORE_RIGHTS if right not in has]:
        raise wrong(f"the functions' account lacks {', '.join(lacks)}", f"{give}roles/datastore.user")
    if AUTH_RIGHT not in has:
        told = f"the functions' account lacks {AUTH_RIGHT}, so users cannot kick"
        raise (wrong if pages_kick else note)(told, f"{give}roles/firebaseauth.viewer")
    return "Firestore: read and write; Authentication: read"


def client_of(stage: Stage) -> Any:
    """Return a Firestore client with the functions' credentials."""
    settings = stage.process
    return firestore_client(
        settings.google_cloud_project, settings.firebase_credentials_secret, settings.firestore_database
    )


def reading(stage: Stage, google_apis: Google) -> str:
    """Read a document as the functions do."""
    if not stage.is_local:
        _needed(google_apis.functions)
    document = FirestoreStore(client_of(stage)).get_document(pauses.CONTROL_DOCUMENT)
    return f"{pauses.CONTROL_DOCUMENT} {'can be read' if document else 'is not there yet: no tick has written'}"


def database(google_apis: Google) -> str:
    """Look at the database: https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases"""
    name = google_apis.database
    try:
        found = google_apis.call("GET", google_apis.database_url, _needed(google_apis.operator))
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        create = f"gcloud firestore databases create --project {google_apis.project}"
        raise wrong(f"there is no database {name}", f"{create} --database='{name}' --location=LOCATION") from error
    where, kind = found.get("locationId", "?"), found.get("type", "")
    if kind != "FIRESTORE_NATIVE":
        raise wrong(f"{name} in {where} is {kind or 'of no known type'}", "make one in native mode")
    edition = found.get("databaseEdition", "STANDARD")
    if edition not in ("STANDARD", "DATABASE_EDITION_UNSPECIFIED"):
        raise wrong(f"{name} in {where} is of the edition {edition}", "make a database of the Standard edition")
    if found.get("pointInTimeRecoveryEnablement") != "POINT_IN_TIME_RECOVERY_ENABLED":
        mend = f"gcloud firestore databases update --database='{name}' --enable-pitr --project {google_apis.project}"
        raise note(f"{name} in {where}, native mode; no point-in-time recovery", mend)
    return f"{name} in {where}, native mode, with point-in-time recovery"


def indexes(google_apis: Google) -> str:
    """Compare the composite indexes with firestore.indexes.json.

    https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.collectionGroups.indexes
    """
    _needed(google_apis.operator)
    wanted = [_index_of(entry["collectionGroup"], entry) for entry in _indexes_file()["indexes"]]
    states = {}
    for entry in google_apis.pages(f"{google_apis.database_url}/collectionGroups/-/indexes", "indexes"):
        states[_index_of(entry["name"].split("/")[5], entry)] = entry.get("state", "")
    found = [states.get(index, "missing") for index in wanted]
    _refuse_unready(found, "indexes", google_apis.project)
    return f"all {len(wanted)} are READY"


def _index_of(group: str, entry: dict[str, Any]) -> tuple[Any, ...]:
    """Return an index in a form that can be compared. The API appends the field `__name__`."""
    order = [(one["fieldPath"], _order(one)) for one in entry["fields"] if one["fieldPath"] != "__name__"]
    return (group, entry["queryScope"], *order)


def fields(google_apis: Google) -> str:
    """Compare the settings of single fields with firestore.indexes.json: TTL policies and index exemptions.

    https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.collectionGroups.fields
    """
    _needed(google_apis.operator)
    url = f"{google_apis.database_url}/collectionGroups/-/fields"
    found = {}
    for entry in google_apis.pages(url, "fields", filter="indexConfig.usesAncestorConfig:false OR ttlConfig:*"):
        parts = entry["name"].split("/")
        found[parts[5], parts[7].replace("`", "")] = entry
    wanted = _indexes_file()["fieldOverrides"]
    states = [_state_of(entry, found.get((entry["collectionGroup"], entry["fieldPath"]), {})) for entry in wanted]
    if "CREATING" in states and set(states) <= {"CREATING", "READY"}:
        raise note("a TTL policy is being applied to old documents", "nothing; new documents have it")
    _refuse_unready(states, "settings of fields", google_apis.project)
    ttl = [f"{override['collectionGroup']}.{override['fieldPath']}" for override in wanted if override.get("ttl")]
    return f"TTL policy on {', '.join(ttl)} is ACTIVE; {len(wanted)} fields have their settings"


def _state_of(override: dict[str, Any], found: dict[str, Any]) -> str:
    """Return READY, missing, or the state of the TTL policy."""
    if override.get("ttl"):
        state = str(found.get("ttlConfig", {}).get("state", "missing"))
        if state != "ACTIVE":
            return state
    config = found.get("indexConfig", {})
    has = {(_order(one["fields"][0]), one["queryScope"]) for one in config.get("indexes", [])}
    wants = {(_order(one), one.get("queryScope", "COLLECTION")) for one in override.get("indexes", [])}
    return "READY" if found and has == wants and not config.get("usesAncestorConfig") else "missing"


def _order(field: dict[str, Any]) -> str | None:
    """Return ASCENDING, DESCENDING or CONTAINS."""
    return field.get("order") or field.get("arrayConfig")


def _refuse_unready(states: Sequence[str], what: str, project: str) -> None:
    """Raise FindingError unless all are READY."""
    deploy = f"./deploy-firestore.sh {project}"
    missing, building = states.count("missing"), states.count("CREATING")
    broken = len(states) - missing - building - states.count("READY")
    if broken:
        raise wrong(f"{broken} of {len(states)} {what} need repair", f"delete them in the console, then {deploy}")
    if missing:
        raise wrong(f"{missing} of {len(states)} {what} are missing", deploy)
    if building:
        raise wrong(f"{building} of {len(states)} {what} are being built", "wait, then look again")


def _indexes_file() -> dict[str, Any]:
    return dict(json.loads((ROOT / "firestore.indexes.json").read_text()))


def rules(google_apis: Google) -> str:
    """Compare the deployed rules with firestore.rules.

    A named database has a release of its own: https://firebase.google.com/docs/reference/rules/rest/v1/projects.releases
    """
    suffix = "" if google_apis.database == DEFAULT_DATABASE else f"/{google_apis.database}"
    deploy = f"./deploy-firestore.sh {google_apis.project}"
    credentials = _needed(google_apis.operator)
    try:
        url = f"{_RULES}/projects/{google_apis.project}/releases/cloud.firestore{suffix}"
        release = google_apis.call("GET", url, credentials)
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        raise wrong("no rules are deployed", deploy) from error
    source = google_apis.call("GET", f"{_RULES}/{release['rulesetName']}", credentials).get("source", {})
    deployed = "\n".join(file.get("content", "") for file in source.get("files", []))
    ours = (ROOT / "firestore.rules").read_text()
    if _plain(deployed) == _plain(ours):
        return f"those of firestore.rules, since {release.get('updateTime', '?')[:10]}"
    missing = [head for head, block in blocks(ours).items() if block not in _plain(deployed)]
    if missing:
        mend = f"{deploy}; if the project has other data too, put the blocks of firestore.rules into its own rules"
        raise wrong(f"the deployed rules lack, or have otherwise: {', '.join(missing)}", mend)
    raise note(
        "other rules than firestore.rules, with all its blocks", "see that their other blocks open nothing of ours"
    )


def _plain(text: str) -> str:
    """Return rules without comments, and with one space where there was white space."""
    return " ".join(re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).split())


def blocks(text: str) -> dict[str, str]:
    """Return the blocks inside `match /databases/...` by their first words. Comments are left out."""
    plain = _plain(text)
    body = plain.partition("/documents {")[2]
    found: dict[str, str] = {}
    start = depth = 0
    for brace in re.finditer(r"/\{[^}]*\}|'[^']*'|\"[^\"]*\"|([{}])", body):  # a path's `/{jobId}` opens no block
        match brace[1]:
            case "{":
                depth += 1
            case "}":
                depth -= 1
        if depth < 0:
            break
        if depth == 0 and brace[1] == "}":
            block = body[start : brace.end()].strip()
            found[block.partition(" {")[0]] = block
            start = brace.end()
    return found


def billing(google_apis: Google) -> str:
    """Look whether the project has billing, which makes its plan Blaze.

    Without billing there are 20,000 writes a day, and no TTL policies: https://firebase.google.com/docs/firestore/pricing.
    https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
    """
    console = f"https://console.firebase.google.com/project/{google_apis.project}/usage/details"
    try:
        url = f"{_BILLING}/projects/{google_apis.project}/billingInfo"
        info = google_apis.call("GET", url, _needed(google_apis.operator))
    except RefusedError as error:
        raise unknown(f"billing is not shown to you: {error.found}", f"see {console}") from error
    if not info.get("billingEnabled"):
        raise wrong("the project has no billing (plan Spark)", f"choose the plan Blaze: {console}")
    return "billing is enabled (plan Blaze)"


def checks(stage: Stage, http: httpx.Client) -> list[Check]:
    """Return the checks of the Google project."""
    settings = stage.process
    google_apis = Google(
        settings.google_cloud_project,
        settings.firestore_database,
        settings.firebase_credentials_secret,
        http,
    )
    pages_kick = bool(stage.parameters.get("AllowedOrigins"))
    of_google: dict[str, Callable[[], str]] = {
        "Google credentials": partial(token, google_apis),
        "Google sign-in": partial(sign_in, google_apis),
        "Google roles": partial(roles, google_apis, pages_kick=pages_kick),
        "Firestore database": partial(database, google_apis),
        "Firestore indexes": partial(indexes, google_apis),
        "Firestore fields": partial(fields, google_apis),
        "Firestore rules": partial(rules, google_apis),
        "Google billing": partial(billing, google_apis),
    }
    if stage.is_local:
        of_google = dict.fromkeys(of_google, _not_emulated)
    return [Check("Firestore reads", partial(reading, stage, google_apis)), *(Check(*one) for one in of_google.items())]


def _not_emulated() -> str:
    raise skipped("the Firestore emulator has nothing of the kind")
