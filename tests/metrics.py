"""Metrics in a function's printed output, in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import re

from local.paths import ROOT


def printed_metrics(output: str) -> dict[str, list[float]]:
    """Return the values of each metric, by its name, in the order of their printing."""
    found: dict[str, list[float]] = {}
    for line in output.splitlines():
        blob = json.loads(line) if line.startswith("{") else {}
        for directive in blob.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                value = blob[metric["Name"]]
                found.setdefault(metric["Name"], []).extend(value if isinstance(value, list) else [value])
    return found


def published_metrics() -> list[str]:
    """Return the names of all metrics that the functions publish, as their code names them."""
    sources = [path.read_text() for folder in ("functions", "layers") for path in (ROOT / folder).rglob("*.py")]
    return re.findall(r"""\b(?:add_metric|_count)\(\s*"(\w+)\"""", "".join(sources))
