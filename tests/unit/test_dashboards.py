"""The template's two dashboards: their metrics exist, and they show every part of the stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from local.paths import ROOT
from tests.metrics import published_metrics
from tracking.platform_contract import PLATFORMS

RESOURCES = cfn_yaml.load(str(ROOT / "template.yaml"))["Resources"]
BODIES = {
    name: found["Properties"]["DashboardBody"]["Fn::Sub"]
    for name, found in RESOURCES.items()
    if found["Type"] == "AWS::CloudWatch::Dashboard"
}
OURS = "AccountTracking/${AWS::StackName}"

SERVICES = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": ("FunctionName", {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}),
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    "AWS/States": (
        "StateMachineArn",
        {
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionThrottled",
            "ExecutionTime",
        },
    ),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    "AWS/Events": ("RuleName", {"Invocations"}),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": (
        "QueueName",
        {
            "NumberOfMessagesSent",
            "NumberOfMessagesDeleted",
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
        },
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    "AWS/ApiGateway": ("ApiId", {"Count", "4xx", "5xx", "Latency"}),
    # https://docs.aws.amazon.com/ses/latest/dg/configuration-sets-export-metrics.html
    "AWS/SES": ("ses:configuration-set", {"Reputation.BounceRate", "Reputation.ComplaintRate"}),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
    "AWS/S3": ("BucketName", {"BucketSizeBytes"}),
}
"""The first dimension and the metrics of each service of AWS that the template uses."""

VALUES = {  # what the dimension of each service must be, by the type of its resource
    "AWS::Serverless::Function": "${%s}",
    "AWS::Serverless::StateMachine": "${%s}",
    "AWS::Events::Rule": "${%s}",
    "AWS::SQS::Queue": "${%s.QueueName}",
    "AWS::ApiGatewayV2::Api": "${%s}",
    "AWS::S3::Bucket": "${%s}",
}


def widgets(body: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def shown(body: str) -> Iterator[list[Any]]:
    """Yield the metrics of a dashboard, as namespace, name, dimensions and options."""
    for widget in widgets(body):
        yield from widget["properties"].get("metrics", [])


def searches(body: str) -> Iterator[tuple[str, set[str], str]]:
    """Yield the namespace, the dimensions and the metric of each search.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    for metric in shown(body):
        if "SEARCH" in (metric[0].get("expression", "") if isinstance(metric[0], dict) else ""):
            found = re.fullmatch(
                r"""SEARCH\('\{"([^"]+)",([\w,]+)\} MetricName="(\w+)"', '\w+'\)""", metric[0]["expression"]
            )
            assert found, metric
            yield found[1], set(found[2].split(",")), found[3]


def test_there_are_no_more_dashboards_than_are_free() -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: three a month."""
    always = {"UsersDashboard", "PartsDashboard"}
    sometimes = {"PicturesDashboard", "RefreshDashboard", "NewsDashboard", "MailDashboard", "FeedbackDashboard"}
    assert set(BODIES) == always | sometimes


@pytest.mark.parametrize("name", BODIES)
def test_widgets_lie_beside_each_other_in_any_region(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets(BODIES[name]):
        x, y, width, height = (widget[key] for key in ("x", "y", "width", "height"))
        cells = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert max(column for column, _ in cells) < 24
        assert not taken & cells
        taken |= cells
        if widget["type"] == "metric":
            assert widget["properties"]["region"] == "${AWS::Region}"
            assert widget["properties"]["title"]
    assert not re.search(r"\b\d{12}\b|[a-z]{2}-[a-z]+-\d", BODIES[name])  # no account, no region


@pytest.mark.parametrize("name", BODIES)
def test_every_metric_that_is_shown_exists(name: str) -> None:
    metrics = [metric for metric in shown(BODIES[name]) if isinstance(metric[0], str)]
    assert len(metrics) > 5
    for space, metric, *rest in metrics:
        if space == OURS:
            assert metric in published_metrics()
            continue
        dimension, known = SERVICES[space]
        assert metric in known
        assert rest[0] == dimension
        assert rest[1] in values(dimension)


def values(dimension: str) -> set[str]:
    """Return what names a resource of the template in this dimension. SAM names a rule after function and event."""
    rules = {
        f"{name}{event}" for name, found in RESOURCES.items() for event in found.get("Properties", {}).get("Events", {})
    }
    found = {VALUES[of["Type"]] % name for name, of in RESOURCES.items() if of["Type"] in VALUES}
    if dimension == "ses:configuration-set":  # of deploy/mail.yaml, named after the stack
        return {"${AWS::StackName}"}
    return found | {f"${{{rule}}}" for rule in rules}


@pytest.mark.parametrize("name", BODIES)
def test_every_metric_that_is_searched_exists(name: str) -> None:
    for space, _, metric in searches(BODIES[name]):
        assert space == OURS
        assert metric in published_metrics()


def test_every_part_of_the_stack_is_shown() -> None:
    text = "".join(BODIES.values())
    parts = {name: VALUES[found["Type"]] % name for name, found in RESOURCES.items() if found["Type"] in VALUES}
    assert len(parts) > 8
    assert [name for name, value in parts.items() if f'"{value}"' not in text] == []
    schedules = {
        f"{name}{event}" for name, found in RESOURCES.items() for event in found["Properties"].get("Events", {})
    }
    assert [rule for rule in schedules if f'"${{{rule}}}"' not in text] == []


def test_every_metric_of_ours_is_shown() -> None:
    named = {metric[1] for body in BODIES.values() for metric in shown(body) if metric[0] == OURS}
    named |= {metric for body in BODIES.values() for _, _, metric in searches(body)}
    assert named == set(published_metrics())


def test_no_platform_is_named_so_that_a_new_one_is_shown() -> None:
    text = "".join(BODIES.values())
    assert [name for name in PLATFORMS if f'"{name}"' in text] == []
