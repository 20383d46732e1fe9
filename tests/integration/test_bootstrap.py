"""deploy/bootstrap.yaml: the roles of the pipeline and of CloudFormation can do what they must, and no more.

AWS publishes for each resource type which permissions its create, read, update and delete need. cfn-lint's package
holds these schemas: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint
import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT
from tests.expanded import PACKAGED, expand

SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"
REGION = "us-east-1"
OPTIONAL: dict[str, str | int] = {
    # parameters without which some resources are not made
    "SecretsKmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
    "Pictures": "on",
    "News": "on",
    "MailFrom": "news@example.com",
}

LEFT_OUT = {
    # permissions that the schemas name: why nothing of ours needs them
    "ec2:*": "no function is in a VPC",
    "elasticfilesystem:*": "no function mounts a file system",
    "s3files:*": "no function mounts a file system",
    "kms:*": "no resource has a key of ours",
    "firehose:*": "no log goes to Firehose",
    "s3tables:*": "the bucket has no table of its metadata",
    "s3:*MetadataTableConfiguration": "the bucket has no table of its metadata",
    "s3:UpdateBucketMetadata*": "the bucket has no table of its metadata",
    "s3:REST.PUT.OBJECT": "no action of IAM",
    "s3:DeleteBucket?*": "no actions of IAM, but for the policy and the website; the bucket has no website",
    "s3:PutAccelerateConfiguration": "the bucket does not use it",
    "s3:PutAnalyticsConfiguration": "the bucket does not use it",
    "s3:PutBucketAbac": "the bucket does not use it",
    "s3:PutBucketAcl": "the bucket's owner owns all objects",
    "s3:PutObjectAcl": "the bucket's owner owns all objects",
    "s3:PutBucketCORS": "the bucket does not use it",
    "s3:PutBucketLogging": "the bucket does not use it",
    "s3:PutBucketNotification": "the bucket does not use it",
    "s3:Put*ObjectLockConfiguration": "the bucket does not use it",
    "s3:PutBucketReplication": "the bucket does not use it",
    "s3:PutReplicationConfiguration": "the bucket does not use it",
    "s3:PutBucketVersioning": "the bucket does not use it",
    "s3:PutBucketWebsite": "the bucket does not use it",
    "s3:PutIntelligentTieringConfiguration": "the bucket does not use it",
    "s3:PutInventoryConfiguration": "the bucket does not use it",
    "s3:PutMetricsConfiguration": "the bucket does not use it",
    "s3:DeleteObject": "CloudFormation refuses to delete a bucket with objects; it never deletes objects",
    "apigateway:*TagResource": "no actions of IAM: tags are resources with the methods of HTTP",
    "iam:*UserPolicy": "policies are attached to roles only",
    "iam:*GroupPolicy": "policies are attached to roles only",
    "iam:*RolePermissionsBoundary": "no role has a boundary",
    "lambda:*CodeSigningConfig": "no function has signed code",
    "lambda:PutFunctionRecursionConfig": "no function sets it",
    "lambda:PutFunctionScalingConfig": "no function sets it",
    "lambda:PassCapacityProvider": "no function has a capacity provider",
    "lambda:AssociateRuntimeAlias": "no function sets its runtime's version",
    "lambda:PutRuntimeManagementConfig": "no function sets its runtime's version",
    "lambda:PutProvisionedConcurrencyConfig": "no function has provisioned concurrency",
    "lambda:DeleteProvisionedConcurrencyConfig": "no function has provisioned concurrency",
    "logs:*DataProtectionPolicy": "no log group has one",
    "logs:*IndexPolicy": "no log group has one",
    "logs:AssociateKmsKey": "no log group has a key of ours",
    "logs:DisassociateKmsKey": "no log group has a key of ours",
    "logs:PutBearerTokenAuthentication": "no log group sets it",
    "logs:PutLogGroupDeletionProtection": "no log group sets it",
    "codedeploy:RegisterOnPremisesInstance": "Lambda has no instances",
    "cloudformation:SetStackPolicy": "the nested stack has none",
    "cloudformation:UpdateTerminationProtection": "the nested stack has none",
    "ses:PutConfigurationSetVdmOptions": "the set does not use it",
    "ses:PutConfigurationSetSendingOptions": "the set does not use it",
    "ses:PutConfigurationSetDeliveryOptions": "the set does not use it",
    "ses:PutConfigurationSetTrackingOptions": "the set tracks nobody",
    "ses:PutConfigurationSetArchivingOptions": "the set does not use it",
    "sns:*DataProtectionPolicy": "the topic has none",
    "cloudfront:CreateDistributionWithTags": "no action of IAM: CreateDistribution and TagResource are",
    "cloudfront:*ConnectionGroup": "the distribution has no tenants",
    "cloudfront:GetVpcOrigin": "no origin is in a VPC",
    "cloudfront:UpdateDistributionWithStagingConfig": "the distribution has no staging one",
}
ADDED = {
    # permissions that no schema names, or that a pattern above covers: why they are needed
    "logs:UpdateLogDelivery": "the gateway's access log: "
    + (delivery := "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html"),
    "logs:DeleteLogDelivery": delivery,
    "logs:GetLogDelivery": delivery,
    "logs:ListLogDeliveries": delivery,
    "lambda:GetFunctionCodeSigningConfig": "reading a function asks for it",
    "s3:GetBucketMetadataTableConfiguration": "reading a bucket asks for it",
    "logs:GetDataProtectionPolicy": "reading a log group asks for it",
    "s3:DeleteBucketPolicy": "the staging bucket has a policy",
}
UNSCOPED = {
    # statements whose resources cannot be limited to the stack by name
    "EventSourceMappings": "a mapping's id is random",
    "LogDelivery": "these actions take no resource",
    "CompositeAlarms": "AWS wants these for all alarms",
    "Api": "an API's id is random",
    "Distribution": "a distribution's id is random",
    "Layer": "a layer is named after its logical id",
    "FunctionTags": "mappings have tags, too, and random ids",
    "Machine": "a machine is named after its logical id",
    "Traffic": "CodeDeploy's own configurations have names of AWS",
    "SendAKick": "a secret is named after the stage",
}


@pytest.fixture(scope="module")
def bootstrap() -> Any:
    return cfn_yaml.load(str(ROOT / "deploy/bootstrap.yaml"))


@pytest.fixture(scope="module")
def types() -> set[str]:
    """The types of all resources of template.yaml, after SAM's transform, and of its nested templates."""
    resources = expand(REGION, PACKAGED, **OPTIONAL).resources
    for name in ("pictures", "mail"):
        resources = resources | cfn_yaml.load(str(ROOT / f"deploy/{name}.yaml"))["Resources"]
    return {resource["Type"] for resource in resources.values()}


def handlers(kind: str) -> dict[str, Any]:
    file = json.loads((SCHEMAS / f"providers/{REGION}.json").read_text())[kind]
    found: dict[str, Any] = json.loads((SCHEMAS / f"resources/{file}.json").read_text())["handlers"]
    return found


def named_by_the_schemas(types: set[str]) -> dict[str, str]:
    """Return the permissions that the types need, in lower case, and one type that needs each."""
    return {
        permission.lower(): kind
        for kind in types
        for name, handler in handlers(kind).items()
        if name != "list"
        for permission in handler["permissions"]
    }


def matches(permission: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(permission, pattern.lower())


def statements(role: Any) -> Iterator[Any]:
    for policy in role["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(role: Any) -> set[str]:
    return {action.lower() for statement in statements(role) for action in listed(statement["Action"])}


def needed(types: set[str]) -> set[str]:
    named = named_by_the_schemas(types)
    left_out = {name for name in named for pattern in LEFT_OUT if matches(name, pattern)}
    return (named.keys() - left_out) | {name.lower() for name in ADDED}


def test_cloudformation_may_do_what_the_resources_need(bootstrap: Any, types: set[str]) -> None:
    assert needed(types) - actions(bootstrap["Resources"]["ExecutionRole"]) == set()


def test_cloudformation_may_do_nothing_else(bootstrap: Any, types: set[str]) -> None:
    assert actions(bootstrap["Resources"]["ExecutionRole"]) - needed(types) == set()


def test_each_reason_to_leave_out_applies(types: set[str]) -> None:
    named = named_by_the_schemas(types)
    assert [pattern for pattern in LEFT_OUT if not any(matches(name, pattern) for name in named)] == []


@pytest.mark.parametrize("name", ["DeployRole", "ExecutionRole"])
def test_no_action_is_a_wildcard(bootstrap: Any, name: str) -> None:
    assert [action for action in actions(bootstrap["Resources"][name]) if "*" in action] == []


@pytest.mark.parametrize("name", ["DeployRole", "ExecutionRole"])
def test_statements_are_limited_to_the_stack(bootstrap: Any, name: str) -> None:
    """Only reasoned ones are not: by the stack's name, the bucket of the versions, or a resource of the bootstrap."""
    limits = (
        "${StackName}",
        "${ArtifactBucket",
        "ArtifactBucket",
        "ExecutionRole",
        "${AWS::StackName}",
        "aws:transform",
    )
    for statement in statements(bootstrap["Resources"][name]):
        for resource in listed(statement["Resource"]):
            is_limited = any(limit in json.dumps(resource) for limit in limits)
            allowed = statement["Sid"] in UNSCOPED or statement["Sid"] in (
                "SendAKick",
                "Machine",
                "Traffic",
                "FunctionTags",
            )
            assert is_limited or allowed, statement["Sid"]


@pytest.mark.parametrize("name", ["DeployRole", "ExecutionRole"])
def test_what_aws_wants_for_all_resources_has_them(bootstrap: Any, name: str) -> None:
    """botocore's models say it in the operations' documentation: "permission that is scoped to *"."""
    scopes: dict[str, set[str]] = {}
    for statement in statements(bootstrap["Resources"][name]):
        for action in listed(statement["Action"]):
            scopes.setdefault(action, set()).update(map(json.dumps, listed(statement["Resource"])))
    session, unscoped = botocore.session.get_session(), set[str]()
    for action in scopes:
        service, operation = action.split(":")
        if service in session.get_available_services():
            model = session.get_service_model(service)
            documented = operation in model.operation_names and model.operation_model(operation).documentation
            unscoped |= (
                {action} if "permission that is scoped to" in re.sub(r"<[^>]+>", "", documented or "") else set()
            )
    assert {action for action in unscoped if scopes[action] != {'"*"'}} == set()
    if name == "ExecutionRole":
        assert unscoped == {"cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm"}


def test_roles_are_passed_to_named_services_only(bootstrap: Any) -> None:
    for name in ("DeployRole", "ExecutionRole"):
        for statement in statements(bootstrap["Resources"][name]):
            if "iam:PassRole" in listed(statement["Action"]):
                assert statement["Action"] == "iam:PassRole"
                assert statement["Condition"]["StringEquals"]["iam:PassedToService"]


def test_cloudformation_may_hand_its_role_to_the_nested_stack(bootstrap: Any) -> None:
    """To no other service, and no other role. The stack's name begins with its logical id in template.yaml."""
    policy = bootstrap["Resources"]["NestedStackPolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Roles"] == [{"Ref": "ExecutionRole"}]
    assert (statement["Action"], statement["Resource"]) == ("iam:PassRole", {"Fn::GetAtt": ["ExecutionRole", "Arn"]})
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    names = expand(REGION, PACKAGED, **OPTIONAL).of_type("AWS::CloudFormation::Stack")
    (change,) = (s for s in statements(bootstrap["Resources"]["ExecutionRole"]) if s["Sid"] == "NestedStack")
    allowed = [resource["Fn::Sub"].rpartition(":")[2] for resource in change["Resource"]]
    assert sorted(allowed) == sorted(f"stack/${{StackName}}-{name}-*/*" for name in names)


def test_policies_fit_into_a_role(bootstrap: Any) -> None:
    """A role's own policies have at most 10,240 characters, without spaces; names put in place may add to ours.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    longest = {"${AWS::Partition}": "aws-us-gov", "${AWS::Region}": "ap-southeast-10", "${AWS::AccountId}": "1" * 12}
    for name in ("DeployRole", "ExecutionRole"):
        parts = [*statements(bootstrap["Resources"][name])]
        if name == "ExecutionRole":
            parts += bootstrap["Resources"]["NestedStackPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        text = json.dumps(parts, separators=(",", ":"))
        for short, long in (longest | {"${StackName}": "x" * 30, "${ArtifactBucket.Arn}": "x" * 80}).items():
            text = text.replace(short, long)
        assert len(text) < 10_240


def test_only_the_stages_environment_may_take_the_role(bootstrap: Any) -> None:
    (statement,) = bootstrap["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
        }
    }


def test_versions_are_kept(bootstrap: Any) -> None:
    bucket = bootstrap["Resources"]["ArtifactBucket"]
    assert bucket["DeletionPolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert not any("ExpirationInDays" in rule for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"])
