"""MiniStack, the stand-in for AWS on this machine: its command line, and clients for it."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import httpx
from botocore.config import Config

from local.paths import MINISTACK, clean_environment

REGION = "us-east-1"
ACCOUNT = "000000000000"
STACK_NAME = "account-tracking"
STAGE = "local"
ALIAS = "live"  # the functions' alias in the template: who invokes a function calls the version that it names
_KEY = "test"  # MiniStack accepts any key

# Places for the states: the number of workers that may run states at once. On two cores, 16 places finish a burst of
# cold starts sooner than 64. A worker takes about 75 MB.
STATES = 16
# The other 16 places are for the tick, the kick, reconcile, cleanup, pictures and news. On AWS the number of running
# jobs keeps places free for them. Here more jobs run than there are places, to find out what happens then, so the
# states have a limit.
CONCURRENCY = STATES + 16


def command() -> list[str]:
    return [str(MINISTACK / "bin" / "python"), "-m", "ministack"]


def ministack_environment(port: int, folder: Path) -> dict[str, str]:
    """Return all variables that MiniStack reads. Its functions inherit them, so few come from the user's shell.

    With its defaults, MiniStack would listen on every interface, also for MQTT and SFTP, and keep its files in the
    shared /tmp.
    """
    kept = {name: value for name, value in clean_environment().items() if name in ("PATH", "LANG", "LC_ALL", "TZ")}
    return kept | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # else MiniStack's start removes containers of other programs
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ACCOUNT_CONCURRENCY": str(CONCURRENCY),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",  # where the functions find S3, Step Functions and their secrets
        "PYTHONUNBUFFERED": "1",
    }


def client_environment(address: str) -> dict[str, str]:
    """Return the variables that make the AWS command line, the SDKs and SAM call MiniStack and never AWS."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@functools.cache
def client(service: str, address: str) -> Any:
    """Return the boto3 client for MiniStack. It reads neither the user's AWS profile nor the user's AWS files.

    It is kept, because a new one takes a fifth of a second to make. Threads may share it.
    """
    unset, nowhere = (None, None, None, None), (None, None, os.devnull, None)  # config name, variable, default, cast
    overrides = {"profile": unset, "config_file": nowhere, "credentials_file": nowhere}
    nobody = botocore.session.Session(session_vars=overrides)
    keys = {"aws_access_key_id": _KEY, "aws_secret_access_key": _KEY}
    session = boto3.Session(botocore_session=nobody, region_name=REGION, **keys)
    # The address is on this machine, so no proxy. Functions run up to 150 s, and tests invoke many at once.
    config = Config(proxies={}, read_timeout=200, max_pool_connections=64)
    return session.client(service, endpoint_url=address, config=config)  # type: ignore[call-overload]


def physical_name(address: str, logical_id: str) -> str:
    """Return the name of a resource of the deployed template."""
    formation = client("cloudformation", address)
    resource = formation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=logical_id)
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def put_secrets(address: str, secrets: dict[str, str]) -> None:
    """Create or replace each secret by its name."""
    manager = client("secretsmanager", address)
    for name, value in secrets.items():
        try:
            manager.create_secret(Name=name, SecretString=value)
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=name, SecretString=value)


def verify_sender(address: str, sender: str) -> None:
    """Let Amazon SES send mail from an address. On AWS the address's owner would first get a mail with a link."""
    mail = client("sesv2", address)
    with contextlib.suppress(mail.exceptions.AlreadyExistsException):
        mail.create_email_identity(EmailIdentity=sender)


def answers(url: str) -> bool:
    """Return whether a GET is answered with 200. The proxies of the shell are not used."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    return False
