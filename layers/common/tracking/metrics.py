"""Metrics that several functions publish: counters with dimensions of their own, such as the error code, or with none.

Each counter is written as a separate log line, because a function's other metrics have other dimensions:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from tracking import outcomes
from tracking.jobs import PlatformName
from tracking.spending import Spent

NAMESPACE = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "AccountTracking")
"""The template gives each stack a namespace of its own: otherwise the jobs of one would ring the alarms of another."""


def count_failed(error_code: str, number: int = 1) -> None:
    """Count jobs that became `failed`."""
    _count("JobsFailed", number, errorCode=error_code)
    _count_ended(error_code not in outcomes.NOT_OUR_FAULT, number)


def count_completed(platform: str) -> None:
    """Count a job that became `completed`."""
    _count("JobsCompleted", 1, platform=platform)
    _count_ended(False, 1)


def count_left_out(platform: str, number: int) -> None:
    """Count videos that a completed job could not save."""
    _count("VideosLeftOut", number, platform=platform)


def count_paused(is_paused: Mapping[PlatformName, bool]) -> None:
    """Publish for each platform whether it is paused."""
    for platform, paused in is_paused.items():
        _count("PlatformPaused", paused, platform=platform)


def count_spent(platform: str, spent: Spent) -> None:
    """Publish what a job spent at its platform."""
    for unit, amount in spent.items():
        _count("PlatformSpend", amount, platform=platform, unit=unit)


def count_refused_credentials(service: str, credential: str) -> None:
    """Count a refusal of a key of ours by function and key, and once more without dimensions: for an alarm on all.

    `credential`: "google", "aws", or a name in contracts/platforms.json.
    """
    _count("CredentialsRefused", 1, service=service, credential=credential)
    _count("CredentialsRefused", 1)


def _count_ended(is_our_fault: bool, number: int) -> None:
    """Publish a 1 for each job that failed by our fault, and a 0 for each other one: the average is their share."""
    ended = EphemeralMetrics(namespace=NAMESPACE)
    for _ in range(number):
        ended.add_metric("FailedByUs", MetricUnit.Count, int(is_our_fault))
    ended.flush_metrics()


def _count(metric_name: str, number: float, **dimensions: str) -> None:
    with single_metric(metric_name, MetricUnit.Count, number, namespace=NAMESPACE) as metric:
        for name, value in dimensions.items():
            metric.add_dimension(name, value)
