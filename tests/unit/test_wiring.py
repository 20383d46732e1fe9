"""The building of clients, and the reading of secrets. No text may show a secret."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from google.auth.aws import Credentials as AwsCredentials
from google.auth.credentials import AnonymousCredentials

import cli
from local.paths import ROOT
from tests.doubles import ManualClock
from tracking import clients, firestore_access, kick_wiring, news_wiring, secrets_manager, wiring
from tracking.errors import CredentialsError, StoreUnavailableError
from tracking.jobs import PlatformName
from tracking.kick_auth import Caller
from tracking.platforms import Setup
from tracking.public_web import PublicOnly
from tracking.settings import Limits, ProcessSettings, SettingsError

KEY = "AIzaVerySecret"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Secrets Manager's client with scripted replies."""
    client = boto3.client("secretsmanager", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(secrets_manager, "aws_client", lambda service, **_limits: client)
    monkeypatch.setattr(secrets_manager, "_last", {})
    secrets_manager.secrets_provider.cache_clear()
    with Stubber(client) as stub:
        yield stub
    secrets_manager.secrets_provider.cache_clear()


def test_a_secret_is_read_once_and_kept(secrets: Stubber) -> None:
    secrets.add_response("get_secret_value", {"SecretString": f" {KEY}\n"}, {"SecretId": "youtube-key"})
    assert [secrets_manager.secret("youtube-key"), secrets_manager.secret("youtube-key")] == [KEY, KEY]


def test_a_secret_without_a_name_is_not_looked_for(secrets: Stubber) -> None:
    with pytest.raises(CredentialsError, match="not set up"):
        secrets_manager.secret("")


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "DecryptionFailure"])
def test_unreadable_secret_raises_credentials_error(secrets: Stubber, code: str) -> None:
    secrets.add_client_error("get_secret_value", code, http_status_code=400)
    with pytest.raises(CredentialsError, match="not set up") as refused:
        secrets_manager.secret("youtube-key")
    assert refused.value.__notes__ == [
        f"the secret youtube-key cannot be read: {code}"
    ]  # a note for the log, not for the user


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("InternalServiceError", 500)])
def test_a_busy_secrets_manager_does_not_fail_the_job_for_good(secrets: Stubber, code: str, status: int) -> None:
    for _ in range(3):  # botocore itself tries three times
        secrets.add_client_error("get_secret_value", code, http_status_code=status)
    with pytest.raises(StoreUnavailableError):
        secrets_manager.secret("youtube-key")


def test_unreachable_secrets_manager_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable:
        def get_secret_value(self, **kwargs: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://secretsmanager.example")

    monkeypatch.setattr(secrets_manager, "aws_client", lambda service, **_limits: Unreachable())
    secrets_manager.secrets_provider.cache_clear()
    with pytest.raises(StoreUnavailableError):
        secrets_manager.secret("youtube-key")
    secrets_manager.secrets_provider.cache_clear()


def test_every_aws_client_has_short_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "us-east-1")
    for service in ("s3", "stepfunctions", "secretsmanager", "lambda"):
        config = clients.aws_client(service).meta.config
        assert config.connect_timeout <= 5
        assert config.read_timeout <= 10


def test_the_emulator_needs_no_credentials_and_reads_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    client = firestore_access.firestore_client("demo-wiring-test", "some-secret")
    assert client.project == "demo-wiring-test"
    assert isinstance(client._credentials, AnonymousCredentials)


UNUSABLE = [
    "not json",
    "[]",
    "{}",
    json.dumps({"type": "authorized_user", "refresh_token": KEY}),
    json.dumps({"type": "service_account", "private_key": KEY}),
    json.dumps({"type": "service_account", "client_email": "a@b", "token_uri": "https://t", "private_key": KEY}),
    json.dumps({"type": "external_account"}),
]


@pytest.mark.parametrize("value", UNUSABLE)
def test_unusable_google_credentials_are_named_and_not_shown(
    secrets: Stubber, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    secrets.add_response("get_secret_value", {"SecretString": value}, {"SecretId": "firebase"})
    with pytest.raises(CredentialsError) as refused:
        firestore_access.firestore_client("demo-refused", "firebase")
    assert "secret firebase" in refused.value.message
    assert KEY not in refused.value.message


def test_a_workload_identity_federation_is_used_as_configured(
    secrets: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret holds what `gcloud iam workload-identity-pools create-cred-config ... --aws` writes."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    config = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {
            "environment_id": "aws1",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        },
    }
    secrets.add_response("get_secret_value", {"SecretString": json.dumps(config)}, {"SecretId": "firebase"})
    client = firestore_access.firestore_client("demo-federated", "firebase")
    assert isinstance(client._credentials._current, AwsCredentials)


ENVIRONMENT = {
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:tracking",
    "STAGING_BUCKET": "staging",
    "WAKE_QUEUE_URL": "https://queue",
    "KICK_SECRET": "account-tracking/kick",
    "MAX_RUNNING_JOBS": "7",
    "MAX_RUNNING_PER_CREDENTIAL": "3",
    "KEEP_FINISHED_DAYS": "5",
    "PICTURES_BUCKET": "pictures",
    "PICTURES_URL": "https://d111.cloudfront.net",
    "KEEP_PICTURE_DAYS": "30",
    "MAX_THUMBNAILS": "4",
    "FIRESTORE_DATABASE": "tracking-2",
    "MAX_VIDEOS_YOUTUBE": "9",
    "MAX_ANSWER_MB": "8",
    "NEWS": "on",
    "SIGNING_SECRET": "account-tracking/signing",
    "MAIL_FROM": "news@example.com",
    "UNSUBSCRIBE_URL": "https://api.example.com/unsubscribe",
    "NEWS_QUEUE_URL": "https://news",
}


def test_building_clients_uses_no_network_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are disabled here, and secrets are read when they are first needed."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-trigger")
    assert wiring.trigger.__wrapped__().limits == Limits(running=7, per_credential=3)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-kick")
    assert kick_wiring.kick.__wrapped__().wake_queue_url == "https://queue"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-reconcile")
    assert wiring.reconcile.__wrapped__().store
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-cleanup")
    assert wiring.cleanup.__wrapped__().keep_finished_days == 5
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-pictures")
    copying = wiring.pictures.__wrapped__()
    assert (copying.url, copying.kept_for.days, copying.max_thumbnails) == ("https://d111.cloudfront.net", 30, 4)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-notify")
    assert news_wiring.notify.__wrapped__().sender
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-webhooks-api")
    assert news_wiring.webhooks_api.__wrapped__().news_queue_url == "https://news"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-built-process")
    deps = wiring.process.__wrapped__()
    assert (wiring.trigger.__wrapped__().news, wiring.reconcile.__wrapped__().news, deps.news) == (True, True, True)
    assert [deps.max_videos(name) for name in PlatformName] == [5000, 5000, 9, 200]
    twitter: Any = deps.platform(PlatformName.TWITTER)
    assert twitter._api._api._max_bytes == 8_000_000  # MAX_ANSWER_MB
    for name in PlatformName:
        platform = deps.platform(name)
        assert callable(platform.fetch_account)
        assert deps.platform(name) is platform


STAND_INS = [
    (wiring.pictures, "PICTURE_SIMULATOR_URL", "web"),
    (news_wiring.notify, "WEBHOOK_RECEIVER_URL", "sender"),
]


@pytest.mark.parametrize(("function", "variable"), [one[:2] for one in STAND_INS])
@pytest.mark.parametrize(("project", "emulator"), [("our-project", "127.0.0.1:1"), ("demo-pictures", "")])
def test_stand_in_outside_local_stops_the_function(
    monkeypatch: pytest.MonkeyPatch, function: Any, variable: str, project: str, emulator: str
) -> None:
    """It would lead the function to any address of our network."""
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": project, "FIRESTORE_EMULATOR_HOST": emulator}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(variable, "http://169.254.169.254")
    with pytest.raises(SettingsError, match=rf"^{variable} is set\."):
        function.__wrapped__()


def test_signing_key_is_long_and_its_absence_is_told(secrets: Stubber) -> None:
    secrets.add_response("get_secret_value", {"SecretString": "x" * 32}, {"SecretId": "long"})
    secrets.add_response("get_secret_value", {"SecretString": "x" * 31}, {"SecretId": "short"})
    secrets.add_client_error("get_secret_value", "ResourceNotFoundException", http_status_code=400)
    assert news_wiring.signing_key("long") == "x" * 32
    for name, is_missing in (("short", False), ("absent", True)):
        with pytest.raises(CredentialsError) as refused:
            news_wiring.signing_key(name)
        assert (refused.value.credential, refused.value.is_missing) == ("signing", is_missing)


@pytest.mark.parametrize(("function", "variable", "dependency"), STAND_INS)
def test_addresses_of_strangers_are_public_alone(
    monkeypatch: pytest.MonkeyPatch, function: Any, variable: str, dependency: str
) -> None:
    """Unless a server of this machine answers in place of all."""
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": "demo-web"}).items():
        monkeypatch.setenv(name, value)

    def backend() -> object:
        web: Any = getattr(function.__wrapped__(), dependency)
        return web._client._transport._pool._network_backend._inner

    assert isinstance(backend(), PublicOnly)
    monkeypatch.setenv(variable, "http://127.0.0.1:2")
    assert not isinstance(backend(), PublicOnly)


@pytest.mark.parametrize(
    "function",
    [
        *(wiring.trigger, wiring.reconcile, wiring.cleanup, wiring.process, wiring.pictures),
        *(news_wiring.notify, news_wiring.webhooks_api, news_wiring.mail),
        *(news_wiring.unsubscribe, news_wiring.feedback),
    ],
)
@pytest.mark.parametrize(("named", "used"), [("tracking-2", "tracking-2"), ("", "(default)")])
def test_functions_use_the_database_that_is_named(
    monkeypatch: pytest.MonkeyPatch, function: Any, named: str, used: str
) -> None:
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": "demo-database", "FIRESTORE_DATABASE": named}).items():
        monkeypatch.setenv(name, value)
    assert function.__wrapped__().store.client._database == used


@pytest.mark.parametrize(("named", "used"), [(" tracking-2\n", "tracking-2"), (" ", "(default)")])
def test_command_line_uses_the_database_that_is_named(monkeypatch: pytest.MonkeyPatch, named: str, used: str) -> None:
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": "demo-database", "FIRESTORE_DATABASE": named}).items():
        monkeypatch.setenv(name, value)
    store: Any = cli._store()
    assert store.client._database == used


def test_environment_serves_after_its_first_event_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure comes while the clients are being built."""
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": "demo-half-way"}).items():
        monkeypatch.setenv(name, value)

    def unreachable(service: str) -> Any:
        raise EndpointConnectionError(endpoint_url="https://states.example")

    with monkeypatch.context() as broken:
        broken.setattr(wiring, "aws_client", unreachable)
        with pytest.raises(EndpointConnectionError):
            wiring.trigger.__wrapped__()
    assert wiring.trigger.__wrapped__().store


def test_kick_reads_the_secret_its_environment_names(secrets: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENVIRONMENT | {"GOOGLE_CLOUD_PROJECT": "demo-kick-secret"}).items():
        monkeypatch.setenv(name, value)
    callers = kick_wiring.kick.__wrapped__().callers
    secrets.add_response("get_secret_value", {"SecretString": f"{KEY}\n"}, {"SecretId": "account-tracking/kick"})
    assert callers.identify({"x-trigger-secret": KEY}) is Caller.SECRET


def test_trigger_and_process_do_not_import_firebase_auth() -> None:
    """Importing firebase_admin.auth would make every cold start take 50 % longer. What tells news needs it."""
    unwanted = {"firebase_admin.auth", "tracking.news_settings", "tracking.webhooks", "tracking.mail"}
    script = f"import trigger.app, process.app, sys; sys.exit(bool({unwanted} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60).returncode == 0


@pytest.mark.parametrize("handler", ["trigger.app", "process.app", "reconcile.app", "cleanup.app"])
def test_handlers_load_firestore_before_their_first_call(handler: str) -> None:
    """Lambda imports a handler in its INIT. What is loaded later, the first event waits for."""
    assert "google.cloud.firestore_v1" in firestore_modules(handler)


def test_kick_does_not_load_firestore() -> None:
    assert firestore_modules("trigger.kick") == []


def firestore_modules(handler: str) -> list[str]:
    script = f"import {handler}, json, sys; print(json.dumps([m for m in sys.modules if 'cloud.firestore' in m]))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, capture_output=True, check=True)
    return list(json.loads(done.stdout))


def test_settings_and_keys_show_no_secret(secrets: Stubber) -> None:
    settings = ProcessSettings.from_environment(
        {"GOOGLE_CLOUD_PROJECT": "demo", "STAGING_BUCKET": "b", "YOUTUBE_API_KEY_SECRET": "youtube-key"}
    )
    secrets.add_response("get_secret_value", {"SecretString": KEY}, {"SecretId": "youtube-key"})
    key_secret = settings.key_secret("youtube")
    with httpx.Client() as http:
        setup = Setup(http=http, settings=settings, key=lambda: secrets_manager.secret(key_secret), clock=ManualClock())
    assert setup.key() == KEY
    assert KEY not in repr(settings) + repr(setup)
