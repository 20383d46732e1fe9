"""The template as it is deployed: on accounts of any size, in any partition, from one release to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local import aws
from local.paths import ROOT
from tests.expanded import PACKAGED, Expanded, expand

FUNCTIONS = ("TriggerFunction", "KickFunction", "ProcessFunction", "ReconcileFunction", "CleanupFunction")
UNRESERVED = {10: 10, 50: 50, 1000: 100}
"""The places of an account that Lambda keeps unreserved, by the account's places. The first two are from reports:
https://github.com/aws-solutions/fhir-works-on-aws-deployment/issues/691, https://docs.gruntwork.io/discussions/knowledge-base/215
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""


@pytest.fixture(scope="module")
def expanded() -> Expanded:
    """The template with its defaults."""
    return expand()


def running_jobs(stack: Expanded) -> int:
    return int(variables(stack, "TriggerFunction")["MAX_RUNNING_JOBS"])


def variables(stack: Expanded, function: str) -> dict[str, Any]:
    given: dict[str, Any] = stack.resources[function]["Properties"]["Environment"]["Variables"]
    return given


def kicks(stack: Expanded) -> tuple[int, int]:
    return calls(stack, "KickStage")


def calls(stack: Expanded, stage: str) -> tuple[int, int]:
    """Return the rate and the burst of each route of the stage."""
    limits = stack.of_type("AWS::ApiGatewayV2::Stage")[stage]["DefaultRouteSettings"]
    return int(limits["ThrottlingRateLimit"]), int(limits["ThrottlingBurstLimit"])


def reservations(stack: Expanded) -> dict[str, int]:
    functions = stack.of_type("AWS::Lambda::Function")
    key = "ReservedConcurrentExecutions"
    return {name: int(found[key]) for name, found in functions.items() if key in found}


def statements(policy: Any) -> Iterator[Any]:
    yield from policy["PolicyDocument"]["Statement"]


def alias(function: str) -> dict[str, str]:
    return {"Ref": f"{function}Alias{aws.ALIAS}"}


# Places


@pytest.mark.parametrize("places", UNRESERVED)
@pytest.mark.parametrize("pictures", ["off", "on"])
@pytest.mark.parametrize("news", ["off", "on"])
def test_everything_at_once_fits_into_the_places(places: int, pictures: str, news: str) -> None:
    """All running jobs in a state, the most calls that a second lets through, and each other function at its most.

    A rule refuses news with ten places.
    """
    if news == "on" and places == 10:
        return
    mail_from = "news@acme.example" if news == "on" else ""
    stack = expand(LambdaPlaces=places, Pictures=pictures, News=news, MailFrom=mail_from)
    mappings = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    assert len(mappings) == 1 + (pictures == "on") + (news == "on")
    # With news: the minute of the notify function, calls of the webhooks' API and of links, and the mail's minute.
    own = 1 + 2 * sum(calls(stack, "NewsStage")) + 1 if news == "on" else 0
    ticks = 1 + sum(mapping["ScalingConfig"]["MaximumConcurrency"] for mapping in mappings)  # and messages of pictures
    others = len(FUNCTIONS) - len(("TriggerFunction", "ProcessFunction", "KickFunction"))
    assert running_jobs(stack) >= 1
    assert min(kicks(stack)) >= 1
    assert running_jobs(stack) + sum(kicks(stack)) + ticks + others + own <= places
    assert places - sum(reservations(stack).values()) >= UNRESERVED[places]


def test_nothing_is_reserved_unless_it_is_asked_for(expanded: Expanded) -> None:
    assert reservations(expanded) == {}
    assert reservations(expand(LambdaPlaces=1000, KickReservedPlaces=5)) == {"KickFunction": 5}


def test_default_is_what_a_new_account_has(expanded: Expanded) -> None:
    least = expand(LambdaPlaces=10)
    assert (running_jobs(expanded), kicks(expanded)) == (running_jobs(least), kicks(least))


def test_explicit_limit_wins_over_the_places() -> None:
    stack = expand(MaxRunningJobs=7, KickRateLimit=2, KickBurstLimit=4)
    assert (running_jobs(stack), kicks(stack)) == (7, (2, 4))


def test_reservation_on_a_small_account_is_refused_early(template: Any) -> None:
    """CloudFormation says the sentence before it makes anything; Lambda would refuse in the middle."""
    rule = template["Rules"]["ReservationsNeedPlaces"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "KickReservedPlaces"}, 0]}]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "LambdaPlaces"}, 1000]}
    assert template["Parameters"]["KickReservedPlaces"]["MaxValue"] <= 1000 - UNRESERVED[1000]


# Partition, region, database


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_every_arn_is_of_the_regions_partition(region: str, partition: str) -> None:
    text = json.dumps(expand(region).resources)
    found = set(re.findall(r"arn:([^:]+):", text))
    assert found <= {partition, "${AWS::Partition}"}
    assert partition in found
    assert "us-east-1" not in text


def test_definition_takes_the_partition(expanded: Expanded) -> None:
    (machine,) = expanded.of_type("AWS::StepFunctions::StateMachine").values()
    assert machine["DefinitionSubstitutions"] == {"Partition": "aws", "ProcessFunctionArn": alias("ProcessFunction")}
    definition = json.loads((ROOT / "statemachine/tracking.asl.json").read_text())
    resources = {state["Resource"] for state in definition["States"].values() if state["Type"] == "Task"}
    assert {resource.partition(":states:")[0] for resource in resources} == {"arn:${Partition}"}


DEPLOYED = (
    "template.yaml",
    "deploy/pictures.yaml",
    "deploy/mail.yaml",
    "functions",
    "layers",
    "statemachine",
    "cli",
    "deploy-firestore.sh",
    "web/src",
    "web/demo",
)


def test_no_region_and_no_partition_is_written_down() -> None:
    """They come from samconfig.toml, AWS's pseudo parameters and the functions' environment."""
    roots = [ROOT / name for name in (*DEPLOYED, "Makefile", ".github", "firestore.rules", "firestore.indexes.json")]
    files = [file for root in roots for file in [root, *root.rglob("*")] if file.is_file() and file.suffix != ".pyc"]
    assert len(files) > 100
    assert [str(file) for file in files if re.search(r"us-east-1|arn:aws:", file.read_text(errors="ignore"))] == []


def test_functions_with_a_store_know_the_database() -> None:
    stack = expand(FirestoreDatabase="tracking")
    named = {name: variables(stack, name).get("FIRESTORE_DATABASE") for name in FUNCTIONS}
    assert named.pop("KickFunction") is None  # it reads no document
    assert set(named.values()) == {"tracking"}


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("(default)", True), ("tracking-2", True), ("default", True), ("Tracking", False), ("abc", False), ("", False)],
)
def test_a_database_has_an_id_that_google_allows(template: Any, name: str, is_taken: bool) -> None:
    """https://cloud.google.com/firestore/docs/manage-databases#database_id"""
    assert bool(re.search(template["Parameters"]["FirestoreDatabase"]["AllowedPattern"], name)) is is_taken


# Aliases and versions


def test_every_caller_calls_the_alias(expanded: Expanded) -> None:
    targets = [
        target["Arn"]
        for rule in expanded.of_type("AWS::Events::Rule").values()
        for target in rule["Targets"]
        if target["Id"] != "WakeQueue"
    ]
    (mapping,) = expanded.of_type("AWS::Lambda::EventSourceMapping").values()
    (integration,) = expanded.of_type("AWS::ApiGatewayV2::Integration").values()
    (machine,) = expanded.of_type("AWS::StepFunctions::StateMachine").values()
    called = [*targets, mapping["FunctionName"], integration["IntegrationUri"]]
    called.append(machine["DefinitionSubstitutions"]["ProcessFunctionArn"])
    aliases = [alias(name) for name in FUNCTIONS]
    assert sorted(map(str, called)) == sorted(map(str, [*aliases, alias("TriggerFunction")]))  # by schedule and queue
    allowed = [permission["FunctionName"] for permission in expanded.of_type("AWS::Lambda::Permission").values()]
    assert len(allowed) == 4
    assert all(function in aliases for function in allowed)
    invokes = [
        statement["Resource"]
        for policy in expanded.resources["TrackingStateMachineRole"]["Properties"]["Policies"]
        for statement in statements(policy)
        if statement["Action"] == "lambda:InvokeFunction"
    ]
    (allowed_to,) = invokes
    assert alias("ProcessFunction") in allowed_to


def test_executions_of_the_version_before_may_still_call(expanded: Expanded) -> None:
    """Their definition calls the function without the alias. They keep it, but not the rights of its role.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
    """
    policies = expanded.resources["TrackingStateMachineRole"]["Properties"]["Policies"]
    (invoke,) = (s for policy in policies for s in statements(policy) if s["Action"] == "lambda:InvokeFunction")
    assert {"Fn::GetAtt": ["ProcessFunction", "Arn"]} in invoke["Resource"]


def test_failed_events_of_an_alias_go_to_the_dead_letters(expanded: Expanded) -> None:
    """Lambda looks at the configuration of what is called, which is the alias. It must be there first.

    https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """
    queue = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    kind = "AWS::Lambda::EventInvokeConfig"
    for function in ("TriggerFunction", "ReconcileFunction", "CleanupFunction"):
        config = expanded.resources[f"{function}EventInvokeConfig"]
        assert (config["Type"], config["Properties"]["FunctionName"]) == (kind, {"Ref": function})
        assert config["Properties"]["Qualifier"] == aws.ALIAS
        assert config["DependsOn"] == [alias(function)["Ref"]]
        to = config["Properties"]["DestinationConfig"].get("OnFailure", {}).get("Destination")
        assert to == (None if function == "TriggerFunction" else queue)
        policies = expanded.resources[f"{function}Role"]["Properties"]["Policies"]
        allowed = [s["Resource"] for policy in policies for s in statements(policy) if s["Action"] == "sqs:SendMessage"]
        assert allowed == ([] if to is None else [to])
    assert len(expanded.of_type(kind)) == 3


@pytest.mark.parametrize("changed", ["CodeUri", "ContentUri"])
def test_new_code_or_layer_is_a_new_version_of_each_function(expanded: Expanded, changed: str) -> None:
    after = expand(packaged=PACKAGED | {changed: "s3://bucket/changed"})
    versions, layers = "AWS::Lambda::Version", "AWS::Lambda::LayerVersion"
    assert len(expanded.of_type(versions)) == len(FUNCTIONS)
    assert not expanded.of_type(versions).keys() & after.of_type(versions).keys()
    is_kept = expanded.of_type(layers).keys() == after.of_type(layers).keys()
    assert is_kept is (changed == "CodeUri")


def test_new_release_replaces_each_version(expanded: Expanded) -> None:
    """Parameters alone change the functions, and no version's logical id. The release changes both descriptions:
    CloudFormation replaces a version whose description changes, and Lambda publishes a function that changed.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
    """
    after = expand(Release="r2", MaxInstagramPosts=9)
    for kind in ("AWS::Lambda::Version", "AWS::Lambda::Function"):
        before = expanded.of_type(kind)
        assert {name: "r2" in found["Description"] for name, found in after.of_type(kind).items()} == dict.fromkeys(
            before, True
        )
        assert all("r2" not in found["Description"] for found in before.values())


def test_version_and_layer_of_the_last_release_stay(expanded: Expanded) -> None:
    kept = [
        found
        for found in expanded.resources.values()
        if found["Type"] in {"AWS::Lambda::Version", "AWS::Lambda::LayerVersion"}
    ]
    assert len(kept) == len(FUNCTIONS) + 1
    assert {found["DeletionPolicy"] for found in kept} == {"Retain"}
    versions = [found for found in kept if found["Type"] == "AWS::Lambda::Version"]
    assert {found["UpdateReplacePolicy"] for found in versions} == {"Retain"}
    functions = [found for found in expanded.resources.values() if found["Type"] == "AWS::Lambda::Function"]
    assert all("DeletionPolicy" not in found for found in functions)  # the stack can be deleted


def deployment_groups(stack: Expanded) -> dict[str, Any]:
    groups = stack.of_type("AWS::CodeDeploy::DeploymentGroup")
    assert set(groups) == {"TriggerFunctionDeploymentGroup", "ProcessFunctionDeploymentGroup"}
    return groups


def test_ticks_and_states_shift_as_asked_and_alarms_take_back() -> None:
    stack = expand(TrafficShift="Canary10Percent5Minutes")
    watched = []
    for group in deployment_groups(stack).values():
        assert "Canary10Percent5Minutes" in json.dumps(group["DeploymentConfigName"])
        assert group["AlarmConfiguration"]["Enabled"]
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        watched += [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
    assert sorted(watched) == ["InternalErrorsAlarm", "TriggerVersionErrorsAlarm"]
    alarm = stack.resources["TriggerVersionErrorsAlarm"]["Properties"]
    (version,) = (name for name in stack.of_type("AWS::Lambda::Version") if name.startswith("TriggerFunction"))
    assert {"Name": "ExecutedVersion", "Value": {"Fn::GetAtt": [version, "Version"]}} in alarm["Dimensions"]


def test_no_ringing_alarm_stops_a_shift_at_once() -> None:
    """A rollback is such a shift. The bad release's errors would stop it, and CloudFormation would bring that back.

    https://github.com/aws/serverless-application-model/issues/716
    """
    for group in deployment_groups(expand(TrafficShift="AllAtOnce")).values():
        assert "AllAtOnce" in json.dumps(group["DeploymentConfigName"])
        assert group["AlarmConfiguration"] == {}


# Deleting the stack


@pytest.mark.parametrize("function", FUNCTIONS)
def test_late_log_lines_do_not_bring_a_log_group_back(expanded: Expanded, function: str) -> None:
    """SAM gives each role the right to make log groups. A group that came back would stop the next deployment."""
    role = expanded.resources[f"{function}Role"]["Properties"]
    assert any("AWSLambdaBasicExecutionRole" in arn for arn in role["ManagedPolicyArns"])
    denied = [s for policy in role["Policies"] for s in statements(policy) if s["Effect"] == "Deny"]
    everywhere = "arn:aws:logs:eu-west-1:000000000000:*"
    assert [(s["Action"], s["Resource"]) for s in denied] == [("logs:CreateLogGroup", everywhere)]


# Secrets and roles


def test_secrets_of_two_stages_have_different_names() -> None:
    first, second = (expand(Stage=stage) for stage in ("staging", "prod"))
    for function in FUNCTIONS:
        named = [
            {name: value for name, value in variables(stack, function).items() if name.endswith("_SECRET")}
            for stack in (first, second)
        ]
        assert named[0]
        assert {name: value.replace("/staging/", "/prod/") for name, value in named[0].items()} == named[1]
        assert not set(named[0].values()) & set(named[1].values())


def test_own_key_of_the_secrets_may_be_used_to_read_them(expanded: Expanded) -> None:
    assert "SecretsKeyPolicy" not in expanded.resources
    key = "arn:aws:kms:eu-west-1:000000000000:key/k"
    policy = expand(SecretsKmsKeyArn=key).resources["SecretsKeyPolicy"]["Properties"]
    assert policy["Roles"] == [{"Ref": f"{name}Role"} for name in FUNCTIONS]
    with_pictures = expand(SecretsKmsKeyArn=key, Pictures="on").resources["SecretsKeyPolicy"]["Properties"]
    assert with_pictures["Roles"] == [*policy["Roles"], {"Ref": "PicturesFunctionRole"}]
    (statement,) = statements(policy)
    assert (statement["Action"], statement["Resource"]) == ("kms:Decrypt", key)
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}


def test_each_role_is_an_output_and_has_no_name_of_ours(expanded: Expanded) -> None:
    """A name of ours would need CAPABILITY_NAMED_IAM. CloudFormation's own stays until the role is replaced."""
    for function in FUNCTIONS:
        output = expanded.outputs[f"{function.removesuffix('Function')}RoleName"]
        assert output["Value"] == {"Ref": f"{function}Role"}
    assert all("RoleName" not in role for role in expanded.of_type("AWS::IAM::Role").values())
    of_iam = {found["Type"] for found in expanded.resources.values() if found["Type"].startswith("AWS::IAM::")}
    assert of_iam == {"AWS::IAM::Role", "AWS::IAM::Policy"}  # a policy inside a role has no ARN, so its name is free


# News


def test_switch_of_news_adds_its_own_alone(expanded: Expanded) -> None:
    """And tells the functions to write events. The others run fewer jobs at a time on a small account."""
    switched = expand(News="on", LambdaPlaces=50)
    plain = expand(LambdaPlaces=50)
    assert not plain.resources.keys() - switched.resources.keys()
    changed = {name for name, found in plain.resources.items() if switched.resources[name] != found}
    assert changed == {"TriggerFunction", "ProcessFunction", "ReconcileFunction", "DeadLetterQueuePolicy"}
    assert running_jobs(plain) - running_jobs(switched) == 8
    assert "NotifyRoleName" in switched.outputs.keys() - plain.outputs.keys()
    key = "arn:aws:kms:eu-west-1:000000000000:key/k"
    roles = expand(SecretsKmsKeyArn=key, News="on").resources["SecretsKeyPolicy"]["Properties"]["Roles"]
    assert [role for role in roles if role["Ref"].startswith(("Notify", "Webhooks"))] == [
        {"Ref": "NotifyFunctionRole"},
        {"Ref": "WebhooksApiFunctionRole"},
    ]


# Pictures


def test_switch_of_pictures_changes_nothing_else(expanded: Expanded) -> None:
    """All that is added is theirs. The trigger runs two jobs fewer at a time on a small account."""
    switched = expand(Pictures="on")
    added = switched.resources.keys() - expanded.resources.keys()
    assert all(name.startswith("Pictures") for name in added)
    assert not expanded.resources.keys() - switched.resources.keys()
    changed = {name for name, found in expanded.resources.items() if switched.resources[name] != found}
    assert changed == {"TriggerFunction"}
    assert switched.outputs.keys() - expanded.outputs.keys() == {"PicturesUrl", "PicturesRoleName"}
    assert switched.outputs["PicturesRoleName"]["Value"] == {"Ref": "PicturesFunctionRole"}


def test_pictures_function_has_an_alias_and_no_log_groups() -> None:
    stack = expand(Pictures="on")
    assert stack.resources["PicturesMapping"]["Properties"]["FunctionName"] == alias("PicturesFunction")
    assert stack.resources["PicturesFunction"]["UpdateReplacePolicy"] == "Retain"
    role = stack.resources["PicturesFunctionRole"]["Properties"]
    denied = [s for policy in role["Policies"] for s in statements(policy) if s["Effect"] == "Deny"]
    assert [s["Action"] for s in denied] == ["logs:CreateLogGroup"]
