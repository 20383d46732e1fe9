"""The template adapted to MiniStack: the needed changes are made, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.adapt import ADAPTED_DEFINITION, adapt, adapt_definition, architecture, write_bootstrap
from local.paths import ROOT


@pytest.fixture
def template() -> dict[str, Any]:
    return {
        "Globals": {"Function": {"Runtime": "python3.13", "Architectures": ["arm64"]}},
        "Resources": {
            "ProcessFunction": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Handler": "process.app.handler",
                    "Environment": {"Variables": {"STAGING_BUCKET": {"Ref": "StagingBucket"}}},
                },
            },
            "BareFunction": {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "bare.app.handler"}},
            "CommonLayer": {
                "Type": "AWS::Serverless::LayerVersion",
                "Properties": {"ContentUri": "CommonLayer", "CompatibleRuntimes": ["python3.13"]},
            },
            "StagingBucket": {"Type": "AWS::S3::Bucket"},
        },
    }


def test_functions_run_on_a_provided_runtime(template: dict[str, Any]) -> None:
    resources = adapt(template, {})["Resources"]
    for name in ("ProcessFunction", "BareFunction"):
        assert resources[name]["Properties"]["Runtime"] == "provided.al2023"
        assert resources[name]["Properties"]["Architectures"] == [architecture()]


def test_the_handler_stays_because_the_runtime_client_is_told_it(template: dict[str, Any]) -> None:
    resources = adapt(template, {})["Resources"]
    assert resources["ProcessFunction"]["Properties"]["Handler"] == "process.app.handler"


def test_variables_are_added_to_those_of_the_template(template: dict[str, Any]) -> None:
    resources = adapt(template, {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"})["Resources"]
    assert resources["ProcessFunction"]["Properties"]["Environment"]["Variables"] == {
        "STAGING_BUCKET": {"Ref": "StagingBucket"},
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    }
    assert resources["BareFunction"]["Properties"]["Environment"]["Variables"] == {
        "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"
    }


def test_variable_that_names_a_resource_replaces_one_alone(template: dict[str, Any]) -> None:
    """A function that got it anew would need a resource that may not be there."""
    resources = adapt(template, {"STAGING_BUCKET": "http://127.0.0.1:1/${StagingBucket}"})["Resources"]
    given = resources["ProcessFunction"]["Properties"]["Environment"]["Variables"]
    assert given == {"STAGING_BUCKET": {"Fn::Sub": "http://127.0.0.1:1/${StagingBucket}"}}
    assert resources["BareFunction"]["Properties"]["Environment"]["Variables"] == {}


def test_new_versions_take_over_at_once_behind_their_alias(template: dict[str, Any]) -> None:
    properties = template["Resources"]["ProcessFunction"]["Properties"]
    properties |= {"AutoPublishAlias": "live", "DeploymentPreference": {"Type": {"Ref": "TrafficShift"}}}
    adapted = adapt(template, {})["Resources"]["ProcessFunction"]["Properties"]
    assert adapted["AutoPublishAlias"] == "live"
    assert "DeploymentPreference" not in adapted


def test_layer_names_no_runtime_that_it_was_not_built_for(template: dict[str, Any]) -> None:
    assert adapt(template, {})["Resources"]["CommonLayer"]["Properties"] == {"ContentUri": "CommonLayer"}


def test_other_resources_and_the_template_stay_as_they_are(template: dict[str, Any]) -> None:
    adapted = adapt(template, {"A": "b"})
    assert adapted["Resources"]["StagingBucket"] == {"Type": "AWS::S3::Bucket", "Properties": {}}
    assert adapted["Globals"] == template["Globals"]
    assert "Runtime" not in template["Resources"]["ProcessFunction"]["Properties"]


def test_the_bootstrap_can_be_run_and_changes_with_the_version(tmp_path: Path) -> None:
    def bootstrap(version: str) -> str:
        layer, runtime = Path("/layer"), Path("/runtime")
        write_bootstrap(tmp_path, layer=layer, runtime=runtime, python="/usr/bin/python3", version=version)
        return (tmp_path / "bootstrap").read_text()

    first = bootstrap("one")
    assert 'PYTHONPATH="$LAMBDA_TASK_ROOT:/layer/python:/runtime"' in first
    assert 'exec "/usr/bin/python3" -S -m awslambdaric "$_HANDLER"' in first
    assert (tmp_path / "bootstrap").stat().st_mode & 0o111
    assert bootstrap("two") != first


def test_the_machine_is_made_from_the_adapted_definition() -> None:
    """It calls the process function without its alias, so that MiniStack limits the function's places."""
    given = {"Partition": "aws", "ProcessFunctionArn": {"Ref": "ProcessFunction.Alias"}}
    properties = {"DefinitionUri": "tracking.asl.json", "DefinitionSubstitutions": given}
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
    assert adapt({"Resources": {"Machine": machine}}, {})["Resources"]["Machine"]["Properties"] == {
        "DefinitionUri": ADAPTED_DEFINITION,
        "DefinitionSubstitutions": {
            "Partition": "aws",
            "ProcessFunctionArn": {"Fn::GetAtt": ["ProcessFunction", "Arn"]},
        },
    }


def adapted_states() -> dict[str, Any]:
    states: dict[str, Any] = adapt_definition(json.loads((ROOT / "statemachine/tracking.asl.json").read_text()))[
        "States"
    ]
    return states


def test_throttled_function_is_retried_by_ministacks_error_name() -> None:
    invoking = [state for state in adapted_states().values() if state.get("Resource", "").endswith("lambda:invoke")]
    assert len(invoking) == 6
    for state in invoking:
        deciding = next(r for r in state["Retry"] if "Lambda.Unknown" in r["ErrorEquals"])
        assert "Lambda.TooManyRequestsException" in deciding["ErrorEquals"]
        assert deciding["MaxAttempts"] > 3


def test_nothing_else_waits_for_long_on_this_machine() -> None:
    """Throttling does: many jobs start at once, and their functions share two processors."""
    states = adapted_states().values()
    assert [state["Seconds"] for state in states if state["Type"] == "Wait"] == [1, 1]
    retriers = [retrier for state in states for retrier in state.get("Retry", [])]
    ours = [r for r in retriers if "Lambda.TooManyRequestsException" not in r["ErrorEquals"] and r["MaxAttempts"]]
    assert {(r["IntervalSeconds"], r["MaxDelaySeconds"]) for r in ours} == {(1, 4)}


def test_api_origins_get_the_names_that_ministack_reads() -> None:
    none = {"Ref": "AWS::NoValue"}
    cors = {"AllowOrigins": {"Ref": "AllowedOrigins"}, "AllowMethods": ["POST"], "MaxAge": 60}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"CorsConfiguration": {"Fn::If": ["Has", cors, none]}}}
    adapted = adapt({"Resources": {"Api": api}}, {})["Resources"]["Api"]["Properties"]
    given = {"allowOrigins": {"Ref": "AllowedOrigins"}, "allowMethods": ["POST"], "maxAge": 60}
    assert adapted == {"CorsConfiguration": {"Fn::If": ["Has", given, none]}}


def test_resources_that_ministack_lacks_are_left_out() -> None:
    lacking = {
        "Level": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}},
        "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
        "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {}},
    }
    kept = {"Part": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}}
    assert set(adapt({"Resources": lacking | kept}, {})["Resources"]) == {"Part"}


def test_output_of_the_pictures_is_where_they_are() -> None:
    """The nested stack, which the template's own output names, is left out."""
    template = {"Resources": {}, "Outputs": {"PicturesUrl": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Url"]}}}}
    adapted = adapt(template, {"PICTURES_URL": "http://127.0.0.1:1/${PicturesBucket}"})
    assert adapted["Outputs"]["PicturesUrl"]["Value"] == {"Fn::Sub": "http://127.0.0.1:1/${PicturesBucket}"}


def test_numbers_of_mappings_become_texts() -> None:
    template = {"Resources": {}, "Mappings": {"Places": {"10": {"RunningJobs": 3}}}}
    assert adapt(template, {})["Mappings"] == {"Places": {"10": {"RunningJobs": "3"}}}
    assert template["Mappings"] == {"Places": {"10": {"RunningJobs": 3}}}
