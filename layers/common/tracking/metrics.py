"""Counters with dimensions of their own, such as the error code or the platform.

Each counter is written as a separate log line, because a function's other metrics have other dimensions:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "AccountTracking"


def count_failed(error_code: str, number: int = 1) -> None:
    """Count jobs that became `failed`."""
    _count("JobsFailed", number, errorCode=error_code)


def count_completed(platform: str) -> None:
    """Count a job that became `completed`."""
    _count("JobsCompleted", 1, platform=platform)


def count_left_out(platform: str, number: int) -> None:
    """Count videos that a completed job could not save."""
    _count("VideosLeftOut", number, platform=platform)


def count_refused_credentials(service: str, credential: str) -> None:
    """Count a refusal of a key of ours by function and key, and once more without dimensions: for an alarm on all.

    `credential`: "google", "aws", or a name in contracts/platforms.json.
    """
    _count("CredentialsRefused", 1, service=service, credential=credential)
    _count("CredentialsRefused", 1)


def _count(metric_name: str, number: int, **dimension: str) -> None:
    with single_metric(metric_name, MetricUnit.Count, number, namespace=NAMESPACE) as metric:
        for name, value in dimension.items():
            metric.add_dimension(name, value)
