"""`tracking doctor --aws` against MiniStack, the Firestore emulator and the simulator: each check passes and fails."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.cloud.firestore_v1 import Client
from rich.console import Console

from cli.doctor import aws, deployed, google, platforms
from cli.doctor.checks import Check, Finding, Verdict, finding_of, run
from cli.doctor.stage import Stage
from local import aws as ministack
from local import programs
from local.simulator import Simulator, running
from tracking.adoption import OWNER
from tracking.clock import SystemClock
from tracking.jobs import PlatformName, Status
from tracking.pauses import CONTROL_DOCUMENT, Pause
from tracking.store import DocumentWrite, JobFilter
from tracking.store.firestore import FirestoreStore

PLACES = 1_000
GOOGLE = {"type": "service_account", "project_id": "p-1", "private_key": "k", "client_email": "e", "token_uri": "u"}
KEYLESS = {"type": "external_account", "audience": "a", "subject_token_type": "s", "token_url": "u"}
TEMPLATE = {
    "Parameters": {
        "GoogleCloudProject": {},
        "Name": {},
        "YouTubeUrl": {"Default": "http://127.0.0.1:9"},
        "XUrl": {"Default": "http://127.0.0.1:9"},
        "ApifyUrl": {"Default": "http://127.0.0.1:9"},
        "TikTokActor": {"Default": "clockworks~tiktok-profile-scraper"},
        "PerCredential": {"Default": 10},
        "News": {"Default": "on"},
    },
    "Conditions": {"HasNews": {"Fn::Equals": [{"Ref": "News"}, "on"]}},
    "Resources": {
        name: {"Properties": {"Environment": {"Variables": variables}}}
        for name, variables in {
            "ProcessFunction": {
                "GOOGLE_CLOUD_PROJECT": {"Ref": "GoogleCloudProject"},
                "FIREBASE_CREDENTIALS_SECRET": {"Fn::Sub": "${Name}/google"},
                "STAGING_BUCKET": {"Ref": "StagingBucket"},
                "YOUTUBE_API_KEY_SECRET": {"Fn::Sub": "${Name}/youtube"},
                "X_BEARER_TOKEN_SECRET": {"Fn::Sub": "${Name}/x"},
                "APIFY_TOKEN_SECRET": {"Fn::Sub": "${Name}/apify"},
                "YOUTUBE_API_URL": {"Ref": "YouTubeUrl"},
                "X_API_URL": {"Ref": "XUrl"},
                "APIFY_API_URL": {"Ref": "ApifyUrl"},
                "APIFY_TIKTOK_ACTOR": {"Ref": "TikTokActor"},
            },
            "TriggerFunction": {
                "GOOGLE_CLOUD_PROJECT": {"Ref": "GoogleCloudProject"},
                "STATE_MACHINE_ARN": {"Ref": "TrackingStateMachine"},
                "MAX_RUNNING_PER_CREDENTIAL": {"Ref": "PerCredential"},
            },
            "KickFunction": {"KICK_SECRET": {"Fn::Sub": "${Name}/kick"}},
            "NotifyFunction": {"SIGNING_SECRET": {"Fn::Sub": "${Name}/signing"}},
        }.items()
    },
}
"""A template that has what the checks read."""
STACK = {
    "Parameters": {"GoogleCloudProject": {"Type": "String"}},
    "Resources": {
        "TriggerFunctionTick": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 minute)"}},
        "TriggerFunction": {"Type": "AWS::SQS::Queue"},  # only its name is asked for
    },
    "Outputs": {"TriggerUrl": {"Value": "https://kick/trigger"}},
}


@pytest.fixture(scope="module")
def _address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a MiniStack without any stack, and stop it."""
    folder: Path = tmp_path_factory.mktemp("ministack")
    port = programs.choose_port(None, "MiniStack")
    environment = ministack.ministack_environment(port, folder) | {"LAMBDA_ACCOUNT_CONCURRENCY": str(PLACES)}
    process = programs.start(ministack.command(), environment, folder / "log")
    address = f"http://127.0.0.1:{port}"
    try:
        health = partial(ministack.answers, f"{address}/_ministack/health")
        programs.wait_until_ready("MiniStack", process, health, folder / "log", 60)
        yield address
    finally:
        process.stop()


@pytest.fixture
def account(_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set the variables with which all clients call MiniStack. Return its address."""
    for name, value in ministack.client_environment(_address).items():
        monkeypatch.setenv(name, value)
    return _address


@pytest.fixture
def stage(account: str) -> Stage:
    """A stage that is not deployed, with secrets of its own, none of which exists."""
    name = uuid4().hex[:12]
    given = {"GoogleCloudProject": "p-1", "Name": name}
    return Stage("prod", f"stack-{name}", ministack.REGION, given, template=TEMPLATE)


def secret_of(stage: Stage, kind: str) -> str:
    return f"{stage.given['Name']}/{kind}"


def found(look: Callable[..., str], *arguments: Any, **named: Any) -> Finding:
    return finding_of(Check("name", partial(look, *arguments, **named)))


def judged(look: Callable[..., str], *arguments: Any, **named: Any) -> tuple[Verdict, str]:
    finding = found(look, *arguments, **named)
    return finding.verdict, finding.found


def store_secret(name: str, value: str | bytes, **options: str) -> None:
    content = {"SecretBinary": value} if isinstance(value, bytes) else {"SecretString": value}
    aws.client("secretsmanager").create_secret(Name=name, **content, **options)


@contextmanager
def answering(status: int, body: bytes = b"{}", after_s: float = 0) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve one answer to every request. Yield the address, and the list of the requests' headers."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is given by the base class
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append({name.lower(): value for name, value in self.headers.items()})
            time.sleep(after_s)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


# The account


def test_credentials_are_named_with_their_region(account: str) -> None:
    assert judged(aws.credentials, "eu-west-1") == (Verdict.OK, "arn:aws:iam::000000000000:root in eu-west-1")


def test_missing_credentials_are_wrong(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it keeps the credentials of earlier tests
    assert judged(aws.credentials, "eu-west-1") == (Verdict.WRONG, "Unable to locate credentials")


def test_expired_credentials_are_wrong(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>It is expired</Message></Error></ErrorResponse>"
    with answering(403, said) as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        verdict, sentence = judged(aws.credentials, "eu-west-1")
    assert (verdict, sentence) == (Verdict.WRONG, "AWS does not accept the credentials: ExpiredToken")


def test_refused_look_is_told_apart_from_a_wrong_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(400, b'{"__type":"AccessDeniedException","message":"no"}') as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        finding = found(aws.platform_key, stage, "youtube")
    assert (finding.verdict, finding.found) == (Verdict.UNKNOWN, "AWS does not let you call GetSecretValue")
    assert "GetSecretValue" in finding.mend


@pytest.mark.parametrize(
    ("planned", "reserved", "verdict", "words"),
    [
        (PLACES, 0, Verdict.OK, "1,000 concurrent executions"),
        (10, 0, Verdict.NOTE, "LambdaPlaces is 10"),
        (2_000, 0, Verdict.WRONG, "LambdaPlaces is 2,000"),
        (PLACES, 900, Verdict.OK, "1,000 of them unreserved"),
        (PLACES, 901, Verdict.WRONG, "the template reserves 901, and AWS keeps 100 unreserved"),
    ],
)
def test_places_of_the_account_are_compared(
    stage: Stage, planned: int, reserved: int, verdict: Verdict, words: str
) -> None:
    function = {"Properties": {"ReservedConcurrentExecutions": reserved or None}}
    template = {"Parameters": {"LambdaPlaces": {"Default": planned}}, "Resources": {"Function": function}}
    finding = found(aws.places, replace(stage, template=template))
    assert (finding.verdict, words in finding.found) == (verdict, True), finding
    assert ("request-service-quota-increase" in finding.mend) == (verdict is Verdict.WRONG)


GOOD_KEY, LONG = "AIza-stand-in", "0123456789abcdef"
SECRETS: list[tuple[str, str | bytes | None, Verdict, str]] = [
    ("youtube", GOOD_KEY, Verdict.OK, "can be read"),
    ("youtube", None, Verdict.WRONG, "there is no secret"),
    ("youtube", f'{{"key": "{GOOD_KEY}"}}', Verdict.WRONG, "holds JSON"),
    ("youtube", f"{GOOD_KEY} {GOOD_KEY}", Verdict.WRONG, "so it is no key"),
    ("youtube", " \n", Verdict.WRONG, "is empty"),
    ("youtube", GOOD_KEY.encode(), Verdict.WRONG, "holds bytes"),
    ("kick", LONG, Verdict.OK, "can be read"),
    ("kick", None, Verdict.NOTE, "only signed-in users can kick"),
    ("kick", "short", Verdict.WRONG, "can be guessed"),
    ("kick", f"{LONG} {LONG}2", Verdict.NOTE, "holds 2 values"),
    ("signing", LONG * 2, Verdict.OK, "can be read"),
    ("signing", LONG * 2 + "\n", Verdict.OK, "can be read"),
    ("signing", (LONG * 2)[1:], Verdict.WRONG, "fewer than 32 characters"),
    ("signing", None, Verdict.WRONG, "there is no secret"),
    ("google", json.dumps(GOOGLE), Verdict.OK, "can be read"),
    ("google", json.dumps(KEYLESS | {"credential_source": {"environment_id": "aws1"}}), Verdict.OK, "keyless"),
    ("google", json.dumps(GOOGLE | {"project_id": "p-2"}), Verdict.NOTE, "belongs to the project p-2"),
    ("google", json.dumps(KEYLESS), Verdict.WRONG, "lacks credential_source"),
    ("google", json.dumps({"type": "authorized_user"}), Verdict.WRONG, "is neither a service account's key nor"),
    ("google", "[]", Verdict.WRONG, "is neither a service account's key nor"),
    ("google", "no json", Verdict.WRONG, "is not JSON"),
    ("google", None, Verdict.WRONG, "there is no secret"),
]
LOOKS: dict[str, Callable[[Stage], str]] = {
    "youtube": lambda stage: aws.platform_key(stage, "youtube"),
    "kick": aws.kick_secret,
    "google": aws.google_secret,
    "signing": aws.signing_secret,
}


@pytest.mark.parametrize(("kind", "value", "verdict", "words"), SECRETS)
def test_a_secret_is_judged_by_its_form(
    stage: Stage, kind: str, value: str | bytes | None, verdict: Verdict, words: str
) -> None:
    name = secret_of(stage, kind)
    if value is not None:
        store_secret(name, value)
    finding = found(LOOKS[kind], stage)
    assert (finding.verdict, words in finding.found, name in finding.found) == (verdict, True, True)
    assert GOOD_KEY not in f"{finding}"
    assert LONG not in f"{finding}"


def test_the_key_of_webhooks_is_not_looked_for_without_them(stage: Stage) -> None:
    parameters = {**stage.template["Parameters"], "News": {"Default": "off"}}
    off = replace(stage, template={**stage.template, "Parameters": parameters})
    assert judged(aws.signing_secret, off)[0] is Verdict.SKIPPED


def test_a_secret_under_a_foreign_kms_key_needs_the_parameter(stage: Stage) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1234"
    store_secret(secret_of(stage, "youtube"), GOOD_KEY, KmsKeyId=key)
    finding = found(aws.platform_key, stage, "youtube")
    assert (finding.verdict, finding.mend) == (Verdict.WRONG, f"SecretsKmsKeyArn={key}")
    parameters = {**stage.template["Parameters"], "SecretsKmsKeyArn": {"Default": key}}
    granted = replace(stage, template={**stage.template, "Parameters": parameters})
    assert judged(aws.platform_key, granted, "youtube")[0] is Verdict.OK


def test_a_secret_that_is_being_deleted_can_be_restored(stage: Stage) -> None:
    store_secret(secret_of(stage, "kick"), LONG)
    aws.client("secretsmanager").delete_secret(SecretId=secret_of(stage, "kick"))
    finding = found(aws.kick_secret, stage)
    assert (finding.verdict, "is being deleted" in finding.found) == (Verdict.WRONG, True)
    assert finding.mend.startswith("aws secretsmanager restore-secret")


# The deployed stack


@pytest.fixture
def with_stack(stage: Stage) -> Stage:
    """The stage with a small stack, which has the resources and outputs that the checks ask for."""
    formation = aws.client("cloudformation")
    parameters = [{"ParameterKey": "GoogleCloudProject", "ParameterValue": "p-9"}]
    formation.create_stack(StackName=stage.stack_name, TemplateBody=json.dumps(STACK), Parameters=parameters)
    formation.get_waiter("stack_create_complete").wait(StackName=stage.stack_name, WaiterConfig={"Delay": 1})
    return replace(stage, stack=aws.find_stack(stage), template={**stage.template, "Outputs": STACK["Outputs"]})


def test_missing_stack_is_wrong_only_if_it_must_exist(stage: Stage) -> None:
    assert aws.find_stack(stage) is None
    assert judged(aws.stack, stage, must_exist=False) == (Verdict.OK, f"{stage.stack_name} is not deployed yet")
    assert judged(aws.stack, stage, must_exist=True)[0] is Verdict.WRONG


def test_a_deployed_stack_gives_its_outputs(with_stack: Stage) -> None:
    assert judged(aws.stack, with_stack, must_exist=True) == (Verdict.OK, f"{with_stack.stack_name} is CREATE_COMPLETE")
    assert with_stack.stack is not None
    assert judged(deployed.outputs, with_stack, with_stack.stack) == (Verdict.OK, "1 outputs; https://kick/trigger")
    newer = replace(with_stack, template={**with_stack.template, "Outputs": {"TriggerUrl": {}, "New": {}}})
    assert judged(deployed.outputs, newer, with_stack.stack) == (Verdict.WRONG, "the stack has no output New")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("UPDATE_COMPLETE", Verdict.OK),
        ("UPDATE_IN_PROGRESS", Verdict.NOTE),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.NOTE),
        ("ROLLBACK_COMPLETE", Verdict.WRONG),
        ("DELETE_FAILED", Verdict.WRONG),
    ],
)
def test_each_state_of_a_stack_is_judged(with_stack: Stage, status: str, verdict: Verdict) -> None:
    assert with_stack.stack is not None
    changed = replace(with_stack, stack=replace(with_stack.stack, status=status))
    assert judged(aws.stack, changed, must_exist=True)[0] is verdict


def test_disabled_rule_is_wrong(with_stack: Stage) -> None:
    assert judged(deployed.rule, with_stack) == (Verdict.OK, "enabled, rate(1 minute)")
    name = deployed._resource(with_stack, "TriggerFunctionTick")
    aws.client("events").disable_rule(Name=name)
    finding = found(deployed.rule, with_stack)
    assert (finding.verdict, f"aws events enable-rule --name {name}" in finding.mend) == (Verdict.WRONG, True)


def test_ticks_are_counted_and_failed_ones_told(with_stack: Stage) -> None:
    def count(namespace: str, metric: str, dimension: str, logical_id: str, value: float) -> None:
        dimensions = [{"Name": dimension, "Value": deployed._resource(with_stack, logical_id)}]
        datum = {"MetricName": metric, "Dimensions": dimensions, "Value": value}
        aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])

    assert with_stack.stack is not None
    ticks = partial(judged, deployed.ticks, with_stack)
    old = replace(with_stack.stack, since=with_stack.stack.since - timedelta(days=1))
    assert ticks(old) == (Verdict.WRONG, "no tick within 15 minutes")
    assert ticks(with_stack.stack) == (Verdict.NOTE, "no tick since the deployment 0 minutes ago")
    count("AWS/Events", "Invocations", "RuleName", "TriggerFunctionTick", 1)
    assert ticks(old) == (Verdict.WRONG, "1 tick began within 15 minutes, and Lambda ran none")
    count("AWS/Events", "Invocations", "RuleName", "TriggerFunctionTick", 13)
    assert ticks(old) == (Verdict.WRONG, "14 ticks began within 15 minutes, and Lambda ran none")
    count("AWS/Lambda", "Invocations", "FunctionName", "TriggerFunction", 14)
    assert ticks(old) == (Verdict.OK, "14 ticks began within 15 minutes, none failed")
    count("AWS/Lambda", "Errors", "FunctionName", "TriggerFunction", 2)
    assert ticks(old) == (Verdict.WRONG, "2 ticks failed within 15 minutes, 14 began")
    later = replace(old, since=datetime.now(UTC) + timedelta(seconds=30))
    assert ticks(later)[0] is Verdict.NOTE  # those failed before the deployment


@pytest.mark.parametrize(
    ("status", "verdict", "words"),
    [(202, Verdict.OK, "202 after"), (401, Verdict.WRONG, "refuses the secret"), (503, Verdict.WRONG, "answered 503")],
)
def test_a_kick_is_judged_by_its_answer(stage: Stage, status: int, verdict: Verdict, words: str) -> None:
    store_secret(secret_of(stage, "kick"), f"{LONG} old-{LONG}")
    with answering(status) as (address, seen), httpx.Client(trust_env=False) as http:
        finding = found(deployed.kick, stage, f"{address}/trigger", http)
    assert (finding.verdict, words in finding.found) == (verdict, True), finding
    assert [headers["x-trigger-secret"] for headers in seen] == [LONG]
    assert LONG not in f"{finding}"


def test_kick_without_answer_or_secret_is_one_sentence(stage: Stage) -> None:
    with httpx.Client(trust_env=False) as http:
        assert judged(deployed.kick, stage, "http://127.0.0.1:9/trigger", http)[0] is Verdict.UNKNOWN
        store_secret(secret_of(stage, "kick"), LONG)
        nobody = judged(deployed.kick, stage, "http://127.0.0.1:9/trigger", http)
    assert nobody == (Verdict.WRONG, "no connection: ConnectError")


# Firestore, and the probe


@pytest.fixture
def emulated(stage: Stage, firestore_client: Callable[[], Client]) -> tuple[Stage, FirestoreStore]:
    """The stage with a new project of the emulator, and a store of this project."""
    client = firestore_client()
    project: str = client.project
    return replace(stage, given={**stage.given, "GoogleCloudProject": project}, name="local"), FirestoreStore(client)


def test_firestore_is_read_as_the_functions_read_it(emulated: tuple[Stage, FirestoreStore]) -> None:
    stage, store = emulated
    apis = google.Google(stage.given["GoogleCloudProject"], "(default)", "", httpx.Client())
    assert judged(google.reading, stage, apis) == (
        Verdict.OK,
        "trackingControl/platforms is not there yet: no tick has written",
    )
    store.put_document(Pause(platform=PlatformName.YOUTUBE, until=datetime.now(UTC), reason="operator").to_write())
    assert judged(google.reading, stage, apis) == (Verdict.OK, "trackingControl/platforms can be read")


def test_firestore_that_does_not_answer_is_wrong(
    emulated: tuple[Stage, FirestoreStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = replace(emulated[0], given={**emulated[0].given, "GoogleCloudProject": f"demo-{uuid4().hex[:8]}"})
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    apis = google.Google(stage.given["GoogleCloudProject"], "(default)", "", httpx.Client())
    (finding,) = run([Check("Firestore reads", partial(google.reading, stage, apis), limit_s=2.0)])
    assert (finding.verdict, finding.found) == (Verdict.WRONG, "no answer within 2 s")


def test_another_stack_that_owns_the_jobs_is_wrong(emulated: tuple[Stage, FirestoreStore], with_stack: Stage) -> None:
    stage, store = emulated
    assert with_stack.stack is not None
    ours = replace(with_stack.stack, outputs={"StateMachineArn": "arn:ours"})
    assert judged(deployed.owner, stage, ours) == (Verdict.OK, "no stack yet: the first tick takes the jobs")
    store.put_document(DocumentWrite(CONTROL_DOCUMENT, {OWNER: "arn:ours"}))
    assert judged(deployed.owner, stage, ours) == (Verdict.OK, "this stack works on the jobs")
    store.put_document(DocumentWrite(CONTROL_DOCUMENT, {OWNER: "arn:theirs"}))
    finding = found(deployed.owner, stage, ours)
    assert (finding.verdict, finding.mend) == (Verdict.WRONG, "tracking owner --take arn:ours")


def test_firestore_is_read_in_the_named_database(emulated: tuple[Stage, FirestoreStore]) -> None:
    stage, store = emulated
    template = {**stage.template, "Parameters": {**stage.template["Parameters"], "Database": {"Default": "second"}}}
    variables = stage.template["Resources"]["ProcessFunction"]["Properties"]["Environment"]["Variables"]
    named = {"Properties": {"Environment": {"Variables": {**variables, "FIRESTORE_DATABASE": {"Ref": "Database"}}}}}
    template["Resources"] = {**stage.template["Resources"], "ProcessFunction": named}
    store.put_document(DocumentWrite(CONTROL_DOCUMENT, {OWNER: "arn:ours"}))
    apis = google.Google(stage.given["GoogleCloudProject"], "second", "", httpx.Client())
    assert "is not there yet" in judged(google.reading, replace(stage, template=template), apis)[1]
    assert "can be read" in judged(google.reading, stage, apis)[1]


def probe(stage: Stage, username: str) -> tuple[Verdict, str]:
    with httpx.Client(trust_env=False) as http:
        quiet = Console(quiet=True)
        return judged(deployed.probe, stage, PlatformName.YOUTUBE, username, http, quiet, SystemClock())


def test_probe_that_never_starts_is_wrong_and_cancelled(
    emulated: tuple[Stage, FirestoreStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ticks here. The job is cancelled, so that a later tick does not start it."""
    stage, store = emulated
    monkeypatch.setattr(deployed, "PROBE_LIMIT", deployed.PROBE_LIMIT * 0)
    verdict, sentence = probe(stage, "GoogleDevelopers")
    assert (verdict, "the job is pending at 0 %" in sentence) == (Verdict.WRONG, True)
    assert [job.data["status"] for job in store.list_jobs(JobFilter(), 10)] == [Status.CANCELLED]


def test_probe_of_a_malformed_username_writes_no_job(emulated: tuple[Stage, FirestoreStore]) -> None:
    stage, store = emulated
    assert probe(stage, "")[0] is Verdict.WRONG
    assert store.list_jobs(JobFilter(), 10) == []


# The platforms' keys


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(apify_run_seconds=0.0) as started:
        yield started


@pytest.fixture
def keyed(stage: Stage, simulator: Simulator) -> Stage:
    """The stage with the simulator's addresses. The test stores the keys."""
    urls = {"YouTubeUrl": "/youtube/v3", "XUrl": "/x/2", "ApifyUrl": "/apify/v2"}
    return replace(stage, given={**stage.given, **{name: simulator.url + path for name, path in urls.items()}})


ACCEPTED = {
    "youtube": "YouTube accepts it (this cost 1 unit of the day's 10,000)",
    "x": "X accepts it: 43,435 of 2,000,000 posts of the month used",
    "apify": "Apify accepts it: simulated, plan STARTER, $1.50 of $29.00 of the month used",
}


def key_finding(stage: Stage, name: str) -> Finding:
    (check,) = [check for check in platforms.checks(stage, list(PlatformName)) if check.name == name]
    return finding_of(check)


@pytest.mark.parametrize("credential", ACCEPTED)
def test_accepted_key_is_told_with_what_is_used(keyed: Stage, credential: str, simulator: Simulator) -> None:
    store_secret(secret_of(keyed, credential), GOOD_KEY)
    finding = key_finding(keyed, f"key of {credential}")
    assert (finding.verdict, finding.found) == (Verdict.OK, ACCEPTED[credential])
    assert simulator.apify_runs == []


@pytest.mark.parametrize("credential", ACCEPTED)
def test_refused_key_is_wrong_and_not_shown(keyed: Stage, credential: str) -> None:
    store_secret(secret_of(keyed, credential), "wrong-key")
    finding = key_finding(keyed, f"key of {credential}")
    assert (finding.verdict, "does not accept" in finding.found, bool(finding.mend)) == (Verdict.WRONG, True, True)
    assert "wrong-key" not in f"{finding}"


@pytest.mark.parametrize("credential", ACCEPTED)
def test_missing_key_is_told_by_its_secrets_check(keyed: Stage, credential: str) -> None:
    finding = key_finding(keyed, f"key of {credential}")
    assert finding.found == f"needs the secret {secret_of(keyed, credential)}"
    assert finding.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("credential", ACCEPTED)
def test_used_up_quota_is_a_note(keyed: Stage, credential: str, simulator: Simulator) -> None:
    store_secret(secret_of(keyed, credential), GOOD_KEY)
    httpx.post(f"{simulator.url}/control/faults", json={"kind": "quota", "path": "/"}, trust_env=False)
    finding = key_finding(keyed, f"key of {credential}")
    assert (finding.verdict, "used up" in finding.found) == (Verdict.NOTE, True), finding


@pytest.mark.parametrize(
    ("at_once", "verdict", "words"),
    [
        (10, Verdict.OK, "32 GB and 32 runs at a time; room for 10 jobs of 10"),
        (40, Verdict.NOTE, "room for 16 jobs of 40"),
    ],
)
def test_plan_of_apify_is_compared(keyed: Stage, at_once: int, verdict: Verdict, words: str) -> None:
    """A job of Instagram has two runs of 1 GB."""
    store_secret(secret_of(keyed, "apify"), GOOD_KEY)
    changed = replace(keyed, given={**keyed.given, "PerCredential": str(at_once)})
    finding = key_finding(changed, "plan of apify")
    assert (finding.verdict, words in finding.found) == (verdict, True), finding
    assert ("MaxRunningPerCredential=16" in finding.mend) == (verdict is Verdict.NOTE)


def test_plan_without_room_for_one_job_is_wrong(keyed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.simulator.apify._RUN_MEMORY_MB", 17 * 1024)
    store_secret(secret_of(keyed, "apify"), GOOD_KEY)
    finding = key_finding(keyed, "plan of apify")
    assert (finding.verdict, "room for 0 jobs" in finding.found) == (Verdict.WRONG, True)


def test_platform_that_does_not_answer_is_wrong(keyed: Stage) -> None:
    store_secret(secret_of(keyed, "x"), GOOD_KEY)
    changed = replace(keyed, given={**keyed.given, "XUrl": "http://127.0.0.1:9"})
    finding = key_finding(changed, "key of x")
    assert (finding.verdict, finding.found) == (Verdict.WRONG, "X is not available right now.")


def test_plan_of_apify_needs_its_actors(keyed: Stage) -> None:
    store_secret(secret_of(keyed, "apify"), GOOD_KEY)
    changed = replace(keyed, given={**keyed.given, "TikTokActor": "nobody~nothing"})
    finding = key_finding(changed, "plan of apify")
    assert (finding.verdict, finding.found) == (Verdict.WRONG, "Apify has no actor nobody~nothing")
