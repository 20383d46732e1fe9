"""MiniStack, which stands for AWS on this machine: how it is started, and how our programs address it."""

from __future__ import annotations

import contextlib
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
_KEY = "test"  # MiniStack takes any

# For the states: 16 drain a burst of cold starts faster than 64 on two cores, each worker taking about 75 MB.
STATES = 16
# And more for the tick, the kick, reconcile and cleanup. On AWS a reservation keeps places free. On MiniStack it is a
# limit and no more, and other functions may take all places: so the states get a limit.
CONCURRENCY = STATES + 8


def command() -> list[str]:
    return [str(MINISTACK / "bin" / "python"), "-m", "ministack"]


def ministack_environment(port: int, folder: Path) -> dict[str, str]:
    """Everything MiniStack reads, none of it from the user's shell: its functions inherit the whole of it.

    By default it would listen on every interface, for MQTT and SFTP too, and keep its files in the shared /tmp.
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
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # else it removes other people's containers at its start
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ACCOUNT_CONCURRENCY": str(CONCURRENCY),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",  # where the functions find S3, Step Functions and their secrets
        "PYTHONUNBUFFERED": "1",
    }


def client_environment(address: str) -> dict[str, str]:
    """The variables that the AWS command line, SDKs and SAM need to talk to MiniStack and never to AWS."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def client(service: str, address: str) -> Any:
    """A boto3 client for MiniStack. It reads neither the user's profile nor the files of it."""
    unset, nowhere = (None, None, None, None), (None, None, os.devnull, None)  # config name, variable, default, cast
    overrides = {"profile": unset, "config_file": nowhere, "credentials_file": nowhere}
    nobody = botocore.session.Session(session_vars=overrides)
    keys = {"aws_access_key_id": _KEY, "aws_secret_access_key": _KEY}
    session = boto3.Session(botocore_session=nobody, region_name=REGION, **keys)
    config = Config(proxies={}, read_timeout=200)  # an address of this machine; functions run up to 150 s
    return session.client(service, endpoint_url=address, config=config)  # type: ignore[call-overload]


def physical_name(address: str, logical_id: str) -> str:
    """The name of a resource of the deployed template."""
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


def answers(url: str) -> bool:
    """True when a GET is answered with 200. Proxies of the shell are not asked: the address is this machine's."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    return False
