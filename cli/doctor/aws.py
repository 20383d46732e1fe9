"""Checks of the AWS account: credentials, the deployed stack, places of Lambda, and the secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.deploy.places import find_stack as described
from cli.deploy.places import outputs_of
from cli.doctor.checks import Check, FindingError, note, skipped, unknown, wrong
from cli.doctor.stage import Stack, Stage
from local import stack as local_stack
from tracking.clients import aws_client
from tracking.webhooks import LEAST_SIGNING_KEY

UNRESERVED = 100
"""Places that AWS keeps for functions without a reservation; an account with fewer cannot reserve any.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

SHORTEST_KICK_SECRET = 16

_MAKING = threading.Lock()  # boto3 cannot make two clients at the same time
_AWS_MANAGED = "alias/aws/secretsmanager"
_CREATE = "aws secretsmanager create-secret --name {} --secret-string ..."
_REPLACE = "aws secretsmanager put-secret-value --secret-id {} --secret-string ..."
_FROM_FILE = "aws secretsmanager put-secret-value --secret-id {} --secret-string file://key.json"
_RANDOM = 'aws secretsmanager put-secret-value --secret-id {} --secret-string "$(openssl rand -hex 32)"'


def client(service: str) -> Any:
    with _MAKING:
        return aws_client(service)


def credentials(region: str) -> str:
    """Ask who we are: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    try:
        caller = client("sts").get_caller_identity()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise wrong(f"AWS does not accept the credentials: {code}", "aws sso login, or aws configure") from error
    return f"{caller['Arn']} in {region}"


def find_stack(stage: Stage) -> Stack | None:
    """Return the deployed stack; None if there is none."""
    found = described(client("cloudformation"), stage.stack_name)
    if found is None or found["StackStatus"] == "DELETE_COMPLETE":
        return None
    outputs = outputs_of(found)
    url = outputs.get("TriggerUrl", "")
    if stage.is_local and url:
        url = local_stack.trigger_url(local_stack.State.load())
    since = found.get("LastUpdatedTime") or found["CreationTime"]
    return Stack(found["StackStatus"], since, outputs, url)


def stack(stage: Stage, *, must_exist: bool) -> str:
    """Judge the state of the stack.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
    """
    if stage.stack is None:
        if must_exist:
            raise wrong(f"{stage.stack_name} does not exist in {stage.region}", "deploy it")
        return f"{stage.stack_name} is not deployed yet"
    status = stage.stack.status
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return f"{stage.stack_name} is {status}"
    if status.endswith("_IN_PROGRESS"):
        raise note(f"{stage.stack_name} is {status}", "look again when the deployment has ended")
    if status == "UPDATE_ROLLBACK_COMPLETE":
        raise note(f"{stage.stack_name} is {status}: the last deployment failed, the earlier one runs", "deploy again")
    mend = f"aws cloudformation describe-stack-events --stack-name {stage.stack_name}"
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        mend += f"; then delete it (aws cloudformation delete-stack --stack-name {stage.stack_name}) and deploy again"
    raise wrong(f"{stage.stack_name} is {status}", mend)


def parameters(stage: Stage) -> str:
    if stage.misspelt:
        raise wrong(
            f"samconfig.toml has parameters that template.yaml lacks: {', '.join(stage.misspelt)}", "correct them"
        )
    if stage.missing:
        named = " ".join(f"{name}=..." for name in stage.missing)
        mend = f'samconfig.toml, [{stage.name}.deploy.parameters]: parameter_overrides = "{named}"'
        raise wrong(f"no value for {', '.join(stage.missing)}", mend)
    giver = "the local stack" if stage.is_local else "samconfig.toml"
    return f"{giver} gives {len(stage.given)} of {len(stage.parameters)}; each has a value"


def places(stage: Stage) -> str:
    """Compare the places of the account with the template's parameters.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
    """
    if stage.is_local:
        raise skipped("MiniStack has places of its own")
    limit = client("lambda").get_account_settings()["AccountLimit"]
    has, unreserved = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    found = f"{has:,} concurrent executions, {unreserved:,} of them unreserved"
    planned = int(stage.parameters.get("LambdaPlaces", has))
    if has < planned:
        raise wrong(f"{found}; LambdaPlaces is {planned:,}", f"lower LambdaPlaces, or {_ask_for_more(stage)}")
    reserved = 0 if stage.stack else stage.reserved_places  # a deployed stack has reserved its places already
    if reserved and unreserved - reserved < UNRESERVED:
        told = f"{found}; the template reserves {reserved}, and AWS keeps {UNRESERVED} unreserved"
        raise wrong(told, f"reserve none (KickReservedPlaces=0), or {_ask_for_more(stage)}")
    if has > planned:
        raise note(f"{found}; LambdaPlaces is {planned:,}", "a higher LambdaPlaces lets more jobs run at the same time")
    return found


def _ask_for_more(stage: Stage) -> str:
    # L-B99A9384 is the quota "Concurrent executions": https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    return (
        "ask AWS: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
        f" --desired-value 1000 --region {stage.region}"
    )


def read_secret(name: str) -> str:
    """Return a secret's text. FindingError if it cannot be read."""
    text = _find_secret(name)
    if text is None:
        raise wrong(f"there is no secret {name} in this region", _CREATE.format(name))
    return text


def _find_secret(name: str) -> str | None:
    """Return a secret's text; None if there is no such secret.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    """
    try:
        value = client("secretsmanager").get_secret_value(SecretId=name)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "ResourceNotFoundException":
                return None
            case "InvalidRequestException":  # it is scheduled for deletion
                mend = f"aws secretsmanager restore-secret --secret-id {name}"
                raise wrong(f"{name} is being deleted", mend) from error
            case "DecryptionFailure":
                raise wrong(f"{name} cannot be decrypted", "see whether its KMS key is enabled, and yours") from error
        raise
    if "SecretString" not in value:
        raise wrong(f"{name} holds bytes, not text", _REPLACE.format(name))
    text: str = value["SecretString"].strip()
    if not text:
        raise wrong(f"{name} is empty", _REPLACE.format(name))
    return text


def needed_secret(name: str) -> str:
    """Return a secret's text for a check that needs it. The secret's own check tells what is wrong with it."""
    try:
        return read_secret(name)
    except (FindingError, ClientError) as error:
        raise unknown(f"needs the secret {name}") from error


def platform_key(stage: Stage, credential: str) -> str:
    """Check the secret of a platform's key, such as that of `youtube`."""
    name = stage.process.key_secret(credential)
    text = read_secret(name)
    if text.startswith("{"):
        raise wrong(f"{name} holds JSON, and the functions send the whole text as the key", _REPLACE.format(name))
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise wrong(f"{name} holds spaces, line breaks or odd letters, so it is no key", _REPLACE.format(name))
    return _decryptable(stage, name)


def kick_secret(stage: Stage) -> str:
    """Check the kick's secret, which is optional: without it only signed-in users may kick."""
    name = stage.kick_secret
    text = _find_secret(name)
    if text is None:
        raise note(f"there is no secret {name}: only signed-in users can kick", _CREATE.format(name))
    values = text.split()
    if not stage.is_local and any(len(value) < SHORTEST_KICK_SECRET for value in values):
        told = f"{name} holds a value of fewer than {SHORTEST_KICK_SECRET} characters, which can be guessed"
        raise wrong(told, _RANDOM.format(name))
    if len(values) > 1:
        raise note(f"{name} holds {len(values)} values; all of them are accepted", "end the change of the secret")
    return _decryptable(stage, name)


def signing_secret(stage: Stage) -> str:
    """Check the key from which the secrets of webhooks are made."""
    name = stage.signing_secret
    if not name:
        raise skipped("webhooks are off: News=off")
    if len(read_secret(name)) < LEAST_SIGNING_KEY:
        told = f"{name} has fewer than {LEAST_SIGNING_KEY} characters, so nothing is signed with it"
        raise wrong(told, _RANDOM.format(name))
    return _decryptable(stage, name)


def google_secret(stage: Stage) -> str:
    """Check the form of the Google credentials. What they may do is checked in cli.doctor.google."""
    if stage.is_local:
        raise skipped("the Firestore emulator needs no credentials")
    name = stage.process.firebase_credentials_secret
    try:
        config = json.loads(read_secret(name))
    except ValueError:
        raise wrong(f"{name} is not JSON", _FROM_FILE.format(name)) from None
    kind = config.get("type") if isinstance(config, dict) else None
    wanted = {
        "service_account": ("project_id", "private_key", "client_email", "token_uri"),
        "external_account": ("audience", "subject_token_type", "token_url", "credential_source"),
    }.get(str(kind))
    if wanted is None:
        told = f"{name} is neither a service account's key nor a workload identity federation's configuration"
        raise wrong(told, _FROM_FILE.format(name))
    if lacks := [field for field in wanted if not config.get(field)]:
        raise wrong(f"{name} lacks {', '.join(lacks)}", _FROM_FILE.format(name))
    if kind == "external_account":
        return f"{_decryptable(stage, name)}; keyless"
    if config["project_id"] != stage.process.google_cloud_project:
        other = f"its service account belongs to the project {config['project_id']}"
        raise note(f"{name} can be read; {other}", f"fine if it has the roles in {stage.process.google_cloud_project}")
    return _decryptable(stage, name)


def _decryptable(stage: Stage, name: str) -> str:
    """Return a sentence if the functions may decrypt the secret.

    A secret under a key of the customer needs kms:Decrypt besides:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    described = client("secretsmanager").describe_secret(SecretId=name)
    key = described.get("KmsKeyId", _AWS_MANAGED)
    granted = stage.parameters.get("SecretsKmsKeyArn", "")
    if key.endswith(_AWS_MANAGED) or _key_id(key) == _key_id(granted):
        return f"{name} can be read"
    raise wrong(f"{name} is under the KMS key {key}, which the functions may not use", f"SecretsKmsKeyArn={key}")


def _key_id(key: str) -> str:
    return key.rpartition("/")[2]


def checks(stage: Stage, used: Collection[str]) -> list[Check]:
    """Return the checks of the account. `used`: the credentials of the platforms in use, such as `apify`."""
    found = [
        Check("places of Lambda", partial(places, stage)),
        Check("secret of the kick", partial(kick_secret, stage)),
        Check("secret of Google", partial(google_secret, stage)),
        Check("secret of webhooks", partial(signing_secret, stage)),
    ]
    found += [Check(f"secret of {credential}", partial(platform_key, stage, credential)) for credential in used]
    return found
