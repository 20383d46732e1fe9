"""The template checked against the code and against the promises of the docs."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT
from notify import delivering
from pictures.app import RESERVE_S
from tracking import google_credentials
from tracking.jobs import EXECUTION_TIMEOUT_S, PlatformName
from tracking.news_settings import (
    FeedbackSettings,
    MailSettings,
    NotifySettings,
    UnsubscribeSettings,
    WebhooksApiSettings,
)
from tracking.pictures.web import FETCH_LIMIT_S
from tracking.platform_contract import CREDENTIALS
from tracking.refreshes import Cadence
from tracking.settings import (
    CleanupSettings,
    KickSettings,
    Limits,
    PicturesSettings,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    RefreshSettings,
    SettingsError,
    TriggerSettings,
    variables,
)
from tracking.store import MAX_WRITES_PER_COMMIT
from tracking.webhooks.web import CALL_LIMIT_S
from trigger.tick import MAX_PROCESSING_JOBS

FUNCTIONS = {
    "TriggerFunction": TriggerSettings,
    "KickFunction": KickSettings,
    "ProcessFunction": ProcessSettings,
    "ReconcileFunction": ReconcileSettings,
    "CleanupFunction": CleanupSettings,
    "PicturesFunction": PicturesSettings,
    "RefreshFunction": RefreshSettings,
    "MailFunction": MailSettings,
    "UnsubscribeFunction": UnsubscribeSettings,
    "FeedbackFunction": FeedbackSettings,
    "NotifyFunction": NotifySettings,
    "WebhooksApiFunction": WebhooksApiSettings,
}
"""The class that reads the environment of each function."""

UNNAMED_RESOURCES = {"DeliverLogsAndTraces"}
"""Statements whose actions take no resource. For each, the template has a link to AWS's page."""


def of_type(template: Any, kind: str) -> dict[str, Any]:
    return {name: found["Properties"] for name, found in template["Resources"].items() if found["Type"] == kind}


def statements(properties: Any) -> Iterator[Any]:
    for policy in properties["Policies"]:
        yield from policy["Statement"]


def every_statement(template: Any) -> Iterator[Any]:
    for kind in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
        for properties in of_type(template, kind).values():
            yield from statements(properties)
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
        for properties in of_type(template, kind).values():
            yield from properties["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def attribute(resource: str, name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, name]}


def test_every_function_is_known_to_these_tests(template: Any) -> None:
    assert set(of_type(template, "AWS::Serverless::Function")) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_exists_and_takes_event_and_context(template: Any, function: str) -> None:
    module, _, name = of_type(template, "AWS::Serverless::Function")[function]["Handler"].rpartition(".")
    assert (ROOT / template["Globals"]["Function"]["CodeUri"] / f"{module.replace('.', '/')}.py").is_file()
    handler = getattr(importlib.import_module(module), name)
    assert list(inspect.signature(handler).parameters)[:2] == ["event", "context"]


@pytest.mark.parametrize(("function", "settings"), FUNCTIONS.items())
def test_every_variable_is_read_and_every_setting_is_given(template: Any, function: str, settings: Any) -> None:
    given = of_type(template, "AWS::Serverless::Function")[function]["Environment"]["Variables"]
    assert set(given) == set(variables(settings))
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    assert shared == {"POWERTOOLS_METRICS_NAMESPACE": {"Fn::Sub": "AccountTracking/${AWS::StackName}"}}


def test_every_platforms_credential_is_a_secret_of_the_stage(template: Any) -> None:
    """A key's name in contracts/platforms.json gives the variable its name, and the secret its own."""
    given = of_type(template, "AWS::Serverless::Function")["ProcessFunction"]["Environment"]["Variables"]
    named = {name.removesuffix("_SECRET"): value["Fn::Sub"] for name, value in given.items() if "_SECRET" in name}
    assert named.pop("FIREBASE_CREDENTIALS") == "account-tracking/${Stage}/firebase"
    assert named.keys() == set(CREDENTIALS.values())
    for key, name in named.items():
        assert name == f"account-tracking/${{Stage}}/{key.lower().replace('_', '-')}"


def test_every_platform_has_a_limit_of_posts(template: Any) -> None:
    """The settings' default and the parameter's are the same."""
    given = of_type(template, "AWS::Serverless::Function")["ProcessFunction"]["Environment"]["Variables"]
    parameters = {name: given[f"MAX_VIDEOS_{name.upper()}"]["Ref"] for name in PlatformName}
    assert len(set(parameters.values())) == len(PlatformName)
    defaults = {name: template["Parameters"][parameter]["Default"] for name, parameter in parameters.items()}
    assert defaults == {name: PlatformSettings().max_videos(name) for name in PlatformName}
    for name, parameter in parameters.items():
        assert re.fullmatch(f"Max{name.label}(Posts|Videos)", parameter)


def test_environment_holds_no_secret_values(template: Any) -> None:
    for properties in of_type(template, "AWS::Serverless::Function").values():
        for name, value in properties["Environment"]["Variables"].items():
            is_secret = re.search(r"KEY|TOKEN|CREDENTIALS|PASSWORD", name)
            assert not is_secret or name.endswith("_SECRET")
            assert "resolve:secretsmanager" not in json.dumps(value)


def test_the_emulators_are_never_named(template: Any) -> None:
    assert "EMULATOR" not in json.dumps(template)


def test_functions_run_on_arm_and_the_layers_python(template: Any) -> None:
    common = template["Globals"]["Function"]
    (layer,) = of_type(template, "AWS::Serverless::LayerVersion").values()
    assert (common["Runtime"], common["Architectures"]) == ("python3.13", ["arm64"])
    assert (layer["CompatibleRuntimes"], layer["CompatibleArchitectures"]) == (["python3.13"], ["arm64"])
    assert common["Layers"] == [{"Ref": "CommonLayer"}]


def test_functions_and_executions_are_traced(template: Any) -> None:
    assert template["Globals"]["Function"]["Tracing"] == "Active"
    (machine,) = of_type(template, "AWS::Serverless::StateMachine").values()
    assert machine["Tracing"] == {"Enabled": True}


# Permissions


def test_no_action_has_a_wildcard(template: Any) -> None:
    actions = [action for statement in every_statement(template) for action in listed(statement["Action"])]
    assert len(actions) > 10
    assert [action for action in actions if "*" in action] == []


def test_policy_statements_name_resources_but_documented_ones(template: Any) -> None:
    unnamed = {
        statement["Sid"] for statement in every_statement(template) if "*" in listed(statement.get("Resource", "*"))
    }
    assert unnamed == UNNAMED_RESOURCES


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_policy_of_its_own(template: Any, function: str) -> None:
    own = list(statements(of_type(template, "AWS::Serverless::Function")[function]))
    assert len(own) > 1
    assert all(statement["Sid"] for statement in own)
    assert [statement["Action"] for statement in own if statement["Effect"] != "Allow"] == ["logs:CreateLogGroup"]


def test_functions_read_only_secrets_their_environment_names(template: Any) -> None:
    for properties in of_type(template, "AWS::Serverless::Function").values():
        named = {
            value["Fn::Sub"]
            for name, value in properties["Environment"]["Variables"].items()
            if name.endswith("_SECRET")
        }
        allowed = {
            name
            for statement in statements(properties)
            if statement["Action"] == "secretsmanager:GetSecretValue"
            for resource in listed(statement["Resource"])
            for name in re.findall(r":secret:(.+)-\?{6}$", resource["Fn::Sub"])
        }
        assert allowed == named


def test_kick_may_learn_that_its_secret_does_not_exist(template: Any) -> None:
    """AWS compares a missing secret's name, without an ending, with the rights: otherwise it denies."""
    kick = of_type(template, "AWS::Serverless::Function")["KickFunction"]
    (right,) = [s for s in statements(kick) if s.get("Sid") == "TellMissingFromForbidden"]
    assert right["Action"] == "secretsmanager:GetSecretValue"
    name = kick["Environment"]["Variables"]["KICK_SECRET"]["Fn::Sub"]
    assert right["Resource"]["Fn::Sub"].endswith(f":secret:{name}")


def test_trigger_starts_the_machine_that_invokes_process(template: Any) -> None:
    functions = of_type(template, "AWS::Serverless::Function")
    starts = [s for s in statements(functions["TriggerFunction"]) if s["Action"] == "states:StartExecution"]
    assert [s["Resource"] for s in starts] == [{"Ref": "TrackingStateMachine"}]
    (machine,) = of_type(template, "AWS::Serverless::StateMachine").values()
    invokes = [s for s in statements(machine) if s["Action"] == "lambda:InvokeFunction"]
    function = {"Fn::GetAtt": ["ProcessFunction", "Arn"]}  # for executions of the version before
    assert [s["Resource"] for s in invokes] == [[{"Ref": "ProcessFunction.Alias"}, function]]


# Logs and alarms


def test_functions_machine_and_api_have_retained_log_groups(template: Any) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    used = [
        properties["LoggingConfig"]["LogGroup"]["Ref"]
        for properties in of_type(template, "AWS::Serverless::Function").values()
    ]
    (machine,) = of_type(template, "AWS::Serverless::StateMachine").values()
    (destination,) = machine["Logging"]["Destinations"]
    used.append(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0])
    stages = of_type(template, "AWS::ApiGatewayV2::Stage").values()
    used += [stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0] for stage in stages]
    assert sorted(used) == sorted(groups)


def test_execution_data_is_not_logged(template: Any) -> None:
    (machine,) = of_type(template, "AWS::Serverless::StateMachine").values()
    assert machine["Logging"]["IncludeExecutionData"] is False


def test_every_alarm_tells_of_its_beginning_and_its_end(template: Any) -> None:
    """But the parts of a composite alarm tell nobody: the composite does. A deployment's alarms take it back."""
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    composites = of_type(template, "AWS::CloudWatch::CompositeAlarm")
    parts = re.findall(r"\$\{(\w+)\}", json.dumps([alarm["AlarmRule"] for alarm in composites.values()]))
    functions = of_type(template, "AWS::Serverless::Function").values()
    preferences = [function["DeploymentPreference"] for function in functions if "DeploymentPreference" in function]
    silent = parts + [alarm["Ref"] for preference in preferences for alarm in preference["Alarms"]["Fn::If"][1]]
    assert len(silent) - len(parts) == 2
    alarms = of_type(template, "AWS::CloudWatch::Alarm") | composites
    assert len(alarms) > len(silent) == len(set(silent)) > 0
    for name, alarm in alarms.items():
        actions = [alarm.get("AlarmActions"), alarm.get("OKActions")]
        assert actions == ([None, None] if name in silent else [told, told]), name


def test_missing_data_are_a_good_sign_but_for_the_tick(template: Any) -> None:
    """A rule that does not run has no data. An alarm is created in the state that follows, and so tells nobody."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    minutes = [alarms.pop(name) for name in ("NoTicksAlarm", "NoNewsAlarm")]
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}
    for minute in minutes:
        assert minute["TreatMissingData"] == "missing"
        assert minute["InsufficientDataActions"] == minute["AlarmActions"]


def test_alarms_look_back_no_longer_than_cloudwatch_allows(template: Any) -> None:
    """A day if the period is under an hour, a week otherwise: PutMetricAlarm, `Period`.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        stats = [query["MetricStat"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        (period,) = {stat["Period"] for stat in stats} or {alarm["Period"]}  # metric math needs one period
        number = alarm["EvaluationPeriods"]
        most = template["Parameters"][number["Ref"]]["MaxValue"] if isinstance(number, dict) else number
        assert period % 60 == 0
        assert period * most <= (86_400 if period < 3_600 else 7 * 86_400)


def test_events_that_a_function_fails_on_are_kept(template: Any) -> None:
    """Lambda calls an asynchronous function three times. A tick is called once: the next one does its work."""
    functions = of_type(template, "AWS::Serverless::Function")
    kept = {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": attribute("DeadLetterQueue", "Arn")}}}
    assert functions["ReconcileFunction"]["EventInvokeConfig"] == kept
    assert functions["CleanupFunction"]["EventInvokeConfig"] == kept
    for name in ("TriggerFunction", "RefreshFunction", "NotifyFunction", "MailFunction"):
        assert functions[name]["EventInvokeConfig"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    with_rules = {name for name, found in functions.items() if "Events" in found}
    with_minutes = {"TriggerFunction", "RefreshFunction", "NotifyFunction", "MailFunction"}
    assert with_rules == with_minutes | {"ReconcileFunction", "CleanupFunction"}


# The tick


def test_the_tick_comes_every_minute_unless_told_otherwise(template: Any) -> None:
    trigger = of_type(template, "AWS::Serverless::Function")["TriggerFunction"]
    (event,) = trigger["Events"].values()
    assert event["Type"] == "Schedule"
    assert event["Properties"]["Schedule"] == {"Ref": "Schedule"}
    assert template["Parameters"]["Schedule"]["Default"] == "rate(1 minute)"


def test_a_tick_that_cannot_be_delivered_is_tried_again_and_kept(template: Any) -> None:
    trigger = of_type(template, "AWS::Serverless::Function")["TriggerFunction"]
    tick = trigger["Events"]["Tick"]["Properties"]
    assert tick["RetryPolicy"] == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}


def test_an_event_that_cannot_be_delivered_is_kept(template: Any) -> None:
    rules = [
        (f"{function}{event}", properties["Properties"])
        for function, found in of_type(template, "AWS::Serverless::Function").items()
        for event, properties in found.get("Events", {}).items()
    ]
    assert len(rules) == 6
    for _, rule in rules:
        assert rule["RetryPolicy"]["MaximumRetryAttempts"] >= 2
        assert rule["DeadLetterConfig"] == {"Arn": attribute("DeadLetterQueue", "Arn")}
    policy = of_type(template, "AWS::SQS::QueuePolicy")["DeadLetterQueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    # SAM names a rule after its function and its event.
    sometimes = {
        "RefreshFunctionMinute": "HasRefreshes",
        "NotifyFunctionMinute": "HasNews",
        "MailFunctionMinute": "HasMail",
    }
    always = [attribute(name, "Arn") for name, _ in rules if name not in sometimes]
    minutes = [
        {"Fn::If": [condition, attribute(name, "Arn"), {"Ref": "AWS::NoValue"}]}
        for name, condition in sometimes.items()
    ]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [*always, *minutes]}}


def test_reconcile_rule_matches_every_silent_execution_end(template: Any) -> None:
    """The recorded events match the rule: source, kind, machine and status."""
    reconcile = of_type(template, "AWS::Serverless::Function")["ReconcileFunction"]
    pattern = reconcile["Events"]["ExecutionEnded"]["Properties"]["Pattern"]
    assert pattern["detail"]["stateMachineArn"] == [{"Ref": "TrackingStateMachine"}]
    for status in ("failed", "timed-out", "aborted"):
        event = json.loads((ROOT / f"events/execution-{status}.json").read_text())
        assert event["source"] in pattern["source"]
        assert event["detail-type"] in pattern["detail-type"]
        assert event["detail"]["status"] in pattern["detail"]["status"]
    assert len(pattern["detail"]["status"]) == 3


def test_trigger_may_describe_only_its_machines_executions(template: Any) -> None:
    trigger = of_type(template, "AWS::Serverless::Function")["TriggerFunction"]
    (asks,) = [s for s in statements(trigger) if s["Action"] == "states:DescribeExecution"]
    assert asks["Resource"]["Fn::Sub"].endswith(":execution:${TrackingStateMachine.Name}:*")


def test_old_jobs_are_deleted_daily(template: Any) -> None:
    cleanup = of_type(template, "AWS::Serverless::Function")["CleanupFunction"]
    assert cleanup["Events"]["Daily"]["Properties"]["Schedule"] == "rate(1 day)"
    assert template["Parameters"]["KeepFinishedDays"]["Default"] == 7


def test_a_tick_ends_before_the_next_and_takes_nobodys_place(template: Any) -> None:
    trigger = of_type(template, "AWS::Serverless::Function")["TriggerFunction"]
    assert "ReservedConcurrentExecutions" not in trigger  # ticks may meet
    assert trigger["Timeout"] < Limits().longest_tick.total_seconds()


# The kick


def test_the_kick_has_one_route_and_the_function_decides_who_may(template: Any) -> None:
    route = of_type(template, "AWS::ApiGatewayV2::Route")["KickRoute"]
    integration = of_type(template, "AWS::ApiGatewayV2::Integration")["KickIntegration"]
    assert route["RouteKey"] == "POST /trigger"
    assert route["Target"] == {"Fn::Sub": "integrations/${KickIntegration}"}
    assert integration["IntegrationUri"] == {"Ref": "KickFunction.Alias"}
    assert integration["PayloadFormatVersion"] == "2.0"
    assert template["Outputs"]["TriggerUrl"]["Value"] == {"Fn::Sub": "${KickApi.ApiEndpoint}/trigger"}


def test_the_kick_may_be_invoked_by_its_own_route_alone(template: Any) -> None:
    permission = of_type(template, "AWS::Lambda::Permission")["KickPermission"]
    assert permission["FunctionName"] == {"Ref": "KickFunction.Alias"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${KickApi}/*/POST/trigger")


def test_the_kick_may_have_the_tick_run_and_do_nothing_else(template: Any) -> None:
    kick = of_type(template, "AWS::Serverless::Function")["KickFunction"]
    allowed = [s for s in statements(kick) if s["Effect"] == "Allow"]
    actions = {action: s["Resource"] for s in allowed for action in listed(s["Action"])}
    assert actions.keys() == {"sqs:SendMessage", "secretsmanager:GetSecretValue"}
    assert actions["sqs:SendMessage"] == attribute("WakeQueue", "Arn")


# Wakes


def test_every_end_of_an_execution_wakes_the_trigger(template: Any) -> None:
    rule = of_type(template, "AWS::Events::Rule")["WakeRule"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": "TrackingStateMachine"}],
        "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == attribute("WakeQueue", "Arn")
    policy = of_type(template, "AWS::SQS::QueuePolicy")["WakeQueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": attribute("WakeRule", "Arn")}}
    mapping = of_type(template, "AWS::Lambda::EventSourceMapping")["WakeMapping"]
    assert mapping["FunctionName"] == {"Ref": "TriggerFunction.Alias"}
    assert mapping["EventSourceArn"] == attribute("WakeQueue", "Arn")


def test_wakes_come_together_and_are_soon_forgotten(template: Any) -> None:
    """A queue with a shorter visibility time-out than its function's is refused. Old wakes tell nothing new."""
    queue = of_type(template, "AWS::SQS::Queue")["WakeQueue"]
    trigger = of_type(template, "AWS::Serverless::Function")["TriggerFunction"]
    mapping = of_type(template, "AWS::Lambda::EventSourceMapping")["WakeMapping"]
    assert trigger["Timeout"] < queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"] <= 300
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 2  # the least that AWS allows
    assert mapping["BatchSize"] == 10  # the most without a batching window


def test_limits_are_within_what_the_functions_can_do(template: Any) -> None:
    """A tick that cannot read all running jobs would strike the others out of the book, and start more."""
    parameters = template["Parameters"]
    assert parameters["MaxRunningJobs"]["MaxValue"] < MAX_PROCESSING_JOBS
    bucket = of_type(template, "AWS::S3::Bucket")["StagingBucket"]
    days = [
        rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule
    ]
    assert timedelta(minutes=parameters["MaxJobMinutes"]["MaxValue"]) < timedelta(days=min(days))


def test_kick_floods_are_throttled(template: Any) -> None:
    """The limits are what the account's places allow, unless they are given."""
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")["KickStage"]
    places = template["Mappings"]["Places"]
    for limit, field in (("Rate", "KickRate"), ("Burst", "KickBurst")):
        parameter = f"Kick{limit}Limit"
        derived, given = {"Fn::FindInMap": ["Places", {"Ref": "LambdaPlaces"}, field]}, {"Ref": parameter}
        assert stage["DefaultRouteSettings"][f"Throttling{limit}Limit"] == {
            "Fn::If": [f"Derives{field}", derived, given]
        }
        assert template["Conditions"][f"Derives{field}"] == {"Fn::Equals": [given, 0]}
        assert template["Parameters"][parameter]["Default"] == 0
        assert all(1 <= row[field] <= 100 for row in places.values())
    assert set(places) == {str(allowed) for allowed in template["Parameters"]["LambdaPlaces"]["AllowedValues"]}


def test_pages_of_configured_origins_alone_may_kick(template: Any) -> None:
    api = of_type(template, "AWS::ApiGatewayV2::Api")["KickApi"]
    condition, cors, otherwise = api["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasOrigins", {"Ref": "AWS::NoValue"})
    assert cors["AllowOrigins"] == {"Ref": "AllowedOrigins"}
    assert cors["AllowMethods"] == ["POST"]
    # The secret's header is missing, since the secret is for programs and not for pages.
    assert set(cors["AllowHeaders"]) == {"authorization", "content-type"}
    assert "AllowCredentials" not in cors  # no cookies: the page sends the token itself
    joined = {"Fn::Join": ["", {"Ref": "AllowedOrigins"}]}
    assert template["Conditions"]["HasOrigins"] == {"Fn::Not": [{"Fn::Equals": [joined, ""]}]}


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("", True),
        ("https://app.example.com", True),
        ("http://127.0.0.1:5173", True),
        ("*", False),
        ("https://*.example.com", False),
        ("https://app.example.com/", False),
        ("app.example.com", False),
        ("null", False),
    ],
)
def test_an_origin_is_a_scheme_and_a_host_and_never_a_star(template: Any, origin: str, is_taken: bool) -> None:
    parameter = template["Parameters"]["AllowedOrigins"]
    assert (parameter["Type"], parameter["Default"]) == ("CommaDelimitedList", "")
    assert bool(re.search(parameter["AllowedPattern"], origin)) is is_taken


@pytest.mark.parametrize("name", ["KickStage", "NewsStage"])
def test_access_logs_omit_headers_query_and_address(template: Any, name: str) -> None:
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")[name]
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert logged["status"] == "$context.status"
    assert not re.search(r"authori|identity|header|path|query|\$request", json.dumps(logged), re.IGNORECASE)


def test_google_waits_fit_the_kick_and_the_kick_its_gateway(template: Any) -> None:
    kick = of_type(template, "AWS::Serverless::Function")["KickFunction"]
    integration = of_type(template, "AWS::ApiGatewayV2::Integration")["KickIntegration"]
    # Three requests: certificates, Google's own token and the user's record. Each waits to connect and for the answer.
    assert kick["Timeout"] > 3 * 2 * google_credentials.GOOGLE_TIMEOUT_S
    assert kick["Timeout"] * 1000 < integration["TimeoutInMillis"] < 30_000


# The machine


def test_every_substitution_of_the_definition_is_given_and_used(template: Any) -> None:
    (machine,) = of_type(template, "AWS::Serverless::StateMachine").values()
    text = (ROOT / machine["DefinitionUri"]).read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])
    assert machine["Type"] == "STANDARD"


# The staging bucket


def test_staging_bucket_is_private_encrypted_and_expires(template: Any) -> None:
    """Objects live for one day, which is longer than any execution."""
    bucket = of_type(template, "AWS::S3::Bucket")["StagingBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in {"AES256", "aws:kms"}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 1)
    assert "Prefix" not in rule
    assert EXECUTION_TIMEOUT_S < 86_400


def test_staged_data_travels_over_tls_only(template: Any) -> None:
    policy = of_type(template, "AWS::S3::BucketPolicy")["StagingBucketPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    process = of_type(template, "AWS::Serverless::Function")["ProcessFunction"]
    used = {a for s in statements(process) for a in listed(s["Action"]) if a.startswith("s3:")}
    assert used <= set(statement["Action"])
    assert statement["Resource"] == [attribute("StagingBucket", "Arn"), {"Fn::Sub": "${StagingBucket.Arn}/*"}]


# Pictures


def test_pictures_are_off_unless_they_are_asked_for(template: Any) -> None:
    """Without them nothing of theirs is made, and nothing else is different."""
    assert template["Parameters"]["Pictures"]["Default"] == "off"
    assert template["Conditions"]["HasPictures"] == {"Fn::Equals": [{"Ref": "Pictures"}, "on"]}
    of_pictures = {name for name in template["Resources"] if name.startswith("Pictures")}
    assert len(of_pictures) == 9
    with_condition = {name for name, found in template["Resources"].items() if found.get("Condition") == "HasPictures"}
    assert with_condition == of_pictures


def test_every_success_has_its_pictures_copied(template: Any) -> None:
    rule = of_type(template, "AWS::Events::Rule")["PicturesRule"]
    event = json.loads((ROOT / "events/pictures.json").read_text())
    told = json.loads(event["Records"][0]["body"])
    assert told["source"] in rule["EventPattern"]["source"]
    assert told["detail-type"] in rule["EventPattern"]["detail-type"]
    assert rule["EventPattern"]["detail"] == {
        "stateMachineArn": [{"Ref": "TrackingStateMachine"}],
        "status": [told["detail"]["status"]],
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == attribute("PicturesQueue", "Arn")
    policy = of_type(template, "AWS::SQS::QueuePolicy")["PicturesQueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": attribute("PicturesRule", "Arn")}}
    mapping = of_type(template, "AWS::Lambda::EventSourceMapping")["PicturesMapping"]
    assert mapping["FunctionName"] == {"Ref": "PicturesFunction.Alias"}
    assert mapping["EventSourceArn"] == attribute("PicturesQueue", "Arn")


def test_message_waits_longer_than_its_function_runs(template: Any) -> None:
    queue = of_type(template, "AWS::SQS::Queue")["PicturesQueue"]
    function = of_type(template, "AWS::Serverless::Function")["PicturesFunction"]
    assert 6 * function["Timeout"] <= queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"] <= 3_600
    assert template["Parameters"]["MaxThumbnails"]["MaxValue"] < MAX_WRITES_PER_COMMIT
    assert function["Timeout"] > RESERVE_S + 2 * FETCH_LIMIT_S


def test_pictures_function_reaches_its_own_bucket_alone(template: Any) -> None:
    """It decodes files of strangers, so it must have no key of a platform, and no right beside the copies."""
    function = of_type(template, "AWS::Serverless::Function")["PicturesFunction"]
    allowed = [s for s in statements(function) if s["Effect"] == "Allow"]
    resources = {action: s["Resource"] for s in allowed for action in listed(s["Action"])}
    bucket = {"Fn::Sub": "${PicturesBucket.Arn}/*"}
    assert {action: resources[action] for action in resources if action.startswith("s3:")} == {
        "s3:GetObject": bucket,
        "s3:PutObject": bucket,
        "s3:DeleteObject": bucket,
        "s3:ListBucket": attribute("PicturesBucket", "Arn"),
    }
    assert resources["secretsmanager:GetSecretValue"]["Fn::Sub"].endswith("/${Stage}/firebase-??????")
    assert {action.partition(":")[0] for action in resources} == {"s3", "sqs", "secretsmanager"}


def test_pictures_bucket_is_private_encrypted_and_expires(template: Any) -> None:
    bucket = of_type(template, "AWS::S3::Bucket")["PicturesBucket"]
    staging = of_type(template, "AWS::S3::Bucket")["StagingBucket"]
    for name in ("PublicAccessBlockConfiguration", "BucketEncryption", "OwnershipControls"):
        assert bucket[name] == staging[name]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", {"Ref": "KeepPictureDays"})
    given = of_type(template, "AWS::Serverless::Function")["PicturesFunction"]["Environment"]["Variables"]
    assert given["KEEP_PICTURE_DAYS"] == rule["ExpirationInDays"]


@pytest.fixture(scope="module")
def delivery() -> Any:
    return cfn_yaml.load(str(ROOT / "deploy/pictures.yaml"))


def test_delivery_gets_the_bucket_of_the_copies(template: Any, delivery: Any) -> None:
    nested = template["Resources"]["PicturesDelivery"]["Properties"]
    assert nested["TemplateURL"] == "deploy/pictures.yaml"
    assert nested["Parameters"] == {
        "Bucket": {"Ref": "PicturesBucket"},
        "BucketDomain": attribute("PicturesBucket", "RegionalDomainName"),
        "StackName": {"Ref": "AWS::StackName"},
    }
    assert nested["Parameters"].keys() == delivery["Parameters"].keys()


def test_only_our_distribution_may_read_the_copies(delivery: Any) -> None:
    """It signs its requests, and the bucket lets no other distribution in. It cannot list names."""
    (policy,) = of_type(delivery, "AWS::S3::BucketPolicy").values()
    assert policy["Bucket"] == {"Ref": "Bucket"}
    tls, serve = policy["PolicyDocument"]["Statement"]
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert serve["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert serve["Action"] == "s3:GetObject"
    arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    assert serve["Condition"] == {"StringEquals": {"aws:SourceArn": {"Fn::Sub": arn}}}
    (access,) = of_type(delivery, "AWS::CloudFront::OriginAccessControl").values()
    assert access["OriginAccessControlConfig"]["SigningBehavior"] == "always"


def test_copies_are_served_over_https_and_only_read(template: Any, delivery: Any) -> None:
    (distribution,) = of_type(delivery, "AWS::CloudFront::Distribution").values()
    (origin,) = distribution["DistributionConfig"]["Origins"]
    assert origin["DomainName"] == {"Ref": "BucketDomain"}
    assert origin["OriginAccessControlId"] == attribute("Access", "Id")
    behavior = distribution["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert behavior["AllowedMethods"] == ["GET", "HEAD"]
    assert delivery["Outputs"]["Url"]["Value"] == {"Fn::Sub": "https://${Distribution.DomainName}"}
    address = attribute("PicturesDelivery", "Outputs.Url")
    given = of_type(template, "AWS::Serverless::Function")["PicturesFunction"]["Environment"]["Variables"]
    assert given["PICTURES_URL"] == template["Outputs"]["PicturesUrl"]["Value"] == address


# News


def test_news_is_off_unless_it_is_asked_for(template: Any) -> None:
    """One switch for every function that ends jobs: an event is written whoever ends the job."""
    parameter = template["Parameters"]["News"]
    assert (parameter["Default"], parameter["AllowedValues"]) == ("off", ["off", "on"])
    functions = of_type(template, "AWS::Serverless::Function")
    told = {name: found["Environment"]["Variables"].get("NEWS") for name, found in functions.items()}
    assert {name for name, value in told.items() if value == {"Ref": "News"}} == {
        "TriggerFunction",
        "ProcessFunction",
        "ReconcileFunction",
    }


# Refreshes


def test_refreshes_are_off_unless_they_are_asked_for(template: Any) -> None:
    assert template["Parameters"]["RefreshByDefault"]["Default"] == "none"
    of_refreshes = {name for name in template["Resources"] if name.startswith("Refresh")}
    with_condition = {name for name, found in template["Resources"].items() if found.get("Condition") == "HasRefreshes"}
    assert of_refreshes == with_condition == {"RefreshFunction", "RefreshLogGroup", "RefreshDashboard"}


def test_every_cadence_can_be_the_default(template: Any) -> None:
    allowed = template["Parameters"]["RefreshByDefault"]["AllowedValues"]
    assert allowed == ["none", *Cadence]
    for value in allowed:
        settings = ProcessSettings(google_cloud_project="p", staging_bucket="b", refresh_by_default=value)
        assert settings.default_cadence == (Cadence.OFF if value == "none" else value)
    with pytest.raises(SettingsError, match="REFRESH_BY_DEFAULT must be one of: off, 6h, daily, weekly, auto"):
        _ = ProcessSettings(google_cloud_project="p", staging_bucket="b", refresh_by_default="hourly").default_cadence


def test_refreshes_keep_to_the_limits_of_all_jobs(template: Any) -> None:
    functions = of_type(template, "AWS::Serverless::Function")
    given, of_jobs = (functions[name]["Environment"]["Variables"] for name in ("RefreshFunction", "TriggerFunction"))
    # The end of a refresh is no news.
    assert {name: given[name] for name in given.keys() & of_jobs.keys()} | {"NEWS": {"Ref": "News"}} == of_jobs
    of_process = functions["ProcessFunction"]["Environment"]["Variables"]
    own = {name for name in given.keys() - of_jobs.keys() if not name.startswith("REFRESH")}
    assert own == {name for name in of_process if name.startswith("MAX_VIDEOS_")}
    assert {name: given[name] for name in own} == {name: of_process[name] for name in own}
    rule = template["Rules"]["RefreshesNeedPlaces"]
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "LambdaPlaces"}, 10]}]}


# News


def test_news_are_off_unless_they_are_asked_for(template: Any) -> None:
    """Without them nothing of theirs is made."""
    assert template["Parameters"]["News"]["Default"] == "off"
    assert template["Conditions"]["HasNews"] == {"Fn::Equals": [{"Ref": "News"}, "on"]}
    with_condition = {name for name, found in template["Resources"].items() if found.get("Condition") == "HasNews"}
    assert with_condition >= {
        *("NewsRule", "NewsQueue", "NewsQueuePolicy", "NewsMapping", "NewsDashboard"),
        *("NotifyFunction", "NotifyLogGroup", "NotifyErrorsAlarm", "NotifyThrottlesAlarm"),
        *("OldestNewsAlarm", "NoNewsAlarm", "EndpointsOffAlarm"),
    }
    of_news = {name for name in template["Resources"] if name.startswith(("News", "Notify"))}
    assert of_news <= with_condition


def test_news_on_a_small_account_are_refused_early(template: Any) -> None:
    rule = template["Rules"]["NewsNeedsPlaces"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "News"}, "on"]}
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "LambdaPlaces"}, 10]}]}


def test_every_end_of_an_execution_wakes_the_notify_function(template: Any) -> None:
    rules = of_type(template, "AWS::Events::Rule")
    assert rules["NewsRule"]["EventPattern"] == rules["WakeRule"]["EventPattern"]
    (target,) = rules["NewsRule"]["Targets"]
    assert target["Arn"] == attribute("NewsQueue", "Arn")
    mapping = of_type(template, "AWS::Lambda::EventSourceMapping")["NewsMapping"]
    assert mapping["FunctionName"] == {"Ref": "NotifyFunction.Alias"}
    assert mapping["EventSourceArn"] == attribute("NewsQueue", "Arn")


def test_webhooks_api_has_one_route_of_the_news_api(template: Any) -> None:
    """Its last part is the action. The function checks the token, and only this route may call it."""
    route = of_type(template, "AWS::ApiGatewayV2::Route")["WebhooksRoute"]
    integration = of_type(template, "AWS::ApiGatewayV2::Integration")["WebhooksIntegration"]
    permission = of_type(template, "AWS::Lambda::Permission")["WebhooksPermission"]
    assert (route["RouteKey"], route["ApiId"]) == ("POST /webhooks/{action}", {"Ref": "NewsApi"})
    assert route["Target"] == {"Fn::Sub": "integrations/${WebhooksIntegration}"}
    assert integration["IntegrationUri"] == permission["FunctionName"] == {"Ref": "WebhooksApiFunction.Alias"}
    assert integration["PayloadFormatVersion"] == "2.0"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${NewsApi}/*/POST/webhooks/*")
    assert template["Outputs"]["NewsUrl"]["Value"] == attribute("NewsApi", "ApiEndpoint")
    for name in ("webhook-secret", "webhooks-wake"):
        event = json.loads((ROOT / f"events/{name}.json").read_text())
        assert event["routeKey"] == route["RouteKey"]
        assert event["rawPath"] == f"/webhooks/{event['pathParameters']['action']}"


def test_what_tells_news_has_an_api_of_its_own(template: Any) -> None:
    """API Gateway keeps RouteSettings that an update omits, and then refuses it: no stage may name a route."""
    apis, stages = (of_type(template, f"AWS::ApiGatewayV2::{kind}") for kind in ("Api", "Stage"))
    assert apis.keys() == {"KickApi", "NewsApi"}
    assert apis["NewsApi"]["CorsConfiguration"] == apis["KickApi"]["CorsConfiguration"]
    assert not any("RouteSettings" in stage or "StageVariables" in stage for stage in stages.values())
    assert {name: stage["ApiId"]["Ref"] for name, stage in stages.items()} == {
        "KickStage": "KickApi",
        "NewsStage": "NewsApi",
    }
    routes = of_type(template, "AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"]: route["ApiId"]["Ref"] for route in routes} == {
        "POST /trigger": "KickApi",
        "POST /webhooks/{action}": "NewsApi",
        "ANY /unsubscribe": "NewsApi",
    }
    assert stages["NewsStage"]["DefaultRouteSettings"] == {
        f"Throttling{limit}Limit": {"Fn::FindInMap": ["Places", {"Ref": "LambdaPlaces"}, f"News{limit}"]}
        for limit in ("Rate", "Burst")
    }


def test_webhooks_api_reads_two_secrets_and_wakes_alone(template: Any) -> None:
    function = of_type(template, "AWS::Serverless::Function")["WebhooksApiFunction"]
    allowed = [s for s in statements(function) if s["Effect"] == "Allow"]
    actions = {action: s["Resource"] for s in allowed for action in listed(s["Action"])}
    assert actions.keys() == {"sqs:SendMessage", "secretsmanager:GetSecretValue"}
    assert actions["sqs:SendMessage"] == attribute("NewsQueue", "Arn")
    read = [resource["Fn::Sub"].rpartition("/")[2] for resource in actions["secretsmanager:GetSecretValue"]]
    assert read == ["firebase-??????", "signing-??????"]


def test_a_run_fits_into_its_function_and_a_lease_outlasts_it(template: Any) -> None:
    function = of_type(template, "AWS::Serverless::Function")["NotifyFunction"]
    queue = of_type(template, "AWS::SQS::Queue")["NewsQueue"]
    assert 6 * function["Timeout"] <= queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"] <= 3_600
    assert delivering.RESERVE_S >= CALL_LIMIT_S + 5
    assert timedelta(seconds=function["Timeout"]) < delivering.LEASE


def test_notify_function_has_no_key_of_a_platform(template: Any) -> None:
    """It sends to addresses of strangers."""
    function = of_type(template, "AWS::Serverless::Function")["NotifyFunction"]
    named = {name for name in function["Environment"]["Variables"] if name.endswith("_SECRET")}
    assert named == {"FIREBASE_CREDENTIALS_SECRET", "SIGNING_SECRET"}
    allowed = {action for s in statements(function) if s["Effect"] == "Allow" for action in listed(s["Action"])}
    of_queue = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert allowed == of_queue | {"secretsmanager:GetSecretValue"}
