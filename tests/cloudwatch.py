"""CloudWatch's alarms of the template, evaluated over metrics in memory.

Only what the template uses is known here. CloudWatch evaluates each alarm once a minute, over a window that ends now:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
CloudWatch looks back further than the window when data are missing. This evaluator does not.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Value = float | None
"""None: there are no data."""

_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
}
_COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b if b else None,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: lambda a, b: a and b,
    ast.Or: lambda a, b: a or b,
}


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Metrics:
    """All values of all metrics, with the time of each."""

    def __init__(self) -> None:
        self._series: defaultdict[Any, list[tuple[datetime, float]]] = defaultdict(list)

    def put(self, at: datetime, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """Add a value. Times must not go back."""
        self._series[namespace, name, frozenset(dimensions.items())].append((at, value))

    def put_printed(self, at: datetime, output: str) -> None:
        """Add what functions printed in CloudWatch's embedded metric format (`tests.metrics`)."""
        for line in output.splitlines():
            blob = json.loads(line) if line.startswith("{") else {}
            for directive in blob.get("_aws", {}).get("CloudWatchMetrics", []):
                (dimensions,) = directive["Dimensions"]
                for metric in directive["Metrics"]:
                    values = blob[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        named = {name: blob[name] for name in dimensions}
                        self.put(at, directive["Namespace"], metric["Name"], value, **named)

    def names(self) -> set[tuple[str, str, frozenset[str]]]:
        """Return namespace, name and names of the dimensions of each metric that has values."""
        return {(space, name, frozenset(dict(dimensions))) for space, name, dimensions in self._series}

    def value(self, stat: str, key: Any, end: datetime, period: timedelta) -> Value:
        """Return the statistic of the values after `end - period`, up to `end`."""
        values = self._series.get(key, [])
        first, last = (bisect_right(values, at, key=lambda one: one[0]) for at in (end - period, end))
        return float(_STATISTICS[stat]([value for _, value in values[first:last]])) if first < last else None


class Alarms:
    """All alarms of a template, with their states. A new alarm has no data, as in CloudWatch."""

    def __init__(self, template: Mapping[str, Any], metrics: Metrics, parameters: Mapping[str, Any]) -> None:
        """`parameters`: values other than the template's defaults."""
        defaults = {name: entry.get("Default") for name, entry in template["Parameters"].items()}
        self._parameters = defaults | dict(parameters)
        self._metrics = metrics
        self._alarms, self._composites = (
            {
                name: self._resolved(found["Properties"])
                for name, found in template["Resources"].items()
                if found["Type"] == f"AWS::CloudWatch::{kind}"
            }
            for kind in ("Alarm", "CompositeAlarm")
        )
        self.states = dict.fromkeys([*self._alarms, *self._composites], State.INSUFFICIENT_DATA)
        self.rung: list[str] = []
        """The alarms that have told somebody, in the order of time, each as often as it did. An OK is not told here."""

    def evaluate(self, now: datetime) -> None:
        for name, alarm in self._alarms.items():
            self._become(name, alarm, self._state(alarm, now))
        for name, alarm in self._composites.items():
            rings = self._calculated(alarm["AlarmRule"], {}, lambda other: self.states[other] is State.ALARM)
            self._become(name, alarm, State.ALARM if rings else State.OK)

    def _become(self, name: str, alarm: Mapping[str, Any], state: State) -> None:
        actions = {State.ALARM: "AlarmActions", State.INSUFFICIENT_DATA: "InsufficientDataActions"}
        if state is not self.states[name] and alarm.get(actions.get(state, "")):
            self.rung.append(name)
        self.states[name] = state

    def _state(self, alarm: Mapping[str, Any], now: datetime) -> State:
        number = int(alarm["EvaluationPeriods"])
        points = [self._point(alarm, now, back) for back in range(number)]
        if alarm["TreatMissingData"] == "missing" and points == [None] * number:
            return State.INSUFFICIENT_DATA
        compare, threshold = _COMPARISONS[alarm["ComparisonOperator"]], float(alarm["Threshold"])
        breaching = [compare(point, threshold) for point in points if point is not None]
        return State.ALARM if breaching.count(True) >= int(alarm.get("DatapointsToAlarm", number)) else State.OK

    def _point(self, alarm: Mapping[str, Any], now: datetime, back: int) -> Value:
        """Return the value of one period. `back`: how many periods lie between it and now."""
        if "Metrics" not in alarm:
            return self._of_metric(alarm, alarm["Statistic"], alarm["Period"], now, back)
        values: dict[str, Value] = {}
        for query in alarm["Metrics"]:
            if "MetricStat" in query:
                found = query["MetricStat"]
                values[query["Id"]] = self._of_metric(found["Metric"], found["Stat"], found["Period"], now, back)
        formulas = {query["Id"]: query["Expression"] for query in alarm["Metrics"] if "Expression" in query}
        (returned,) = [query["Id"] for query in alarm["Metrics"] if query.get("ReturnData", True)]
        metrics = dict(values)
        for name in sorted(formulas, key=lambda name: name == returned):
            values[name] = self._calculated(formulas[name], values, lambda: list(metrics.values()))
        return values[returned]

    def _of_metric(self, metric: Mapping[str, Any], stat: str, period: Any, now: datetime, back: int) -> Value:
        dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
        length = timedelta(seconds=int(period))
        key = (metric["Namespace"], metric["MetricName"], dimensions)
        return self._metrics.value(stat, key, now - back * length, length)

    def _calculated(self, expression: str, values: Mapping[str, Value], lookup: Any) -> Any:
        """Calculate a formula, or a composite's rule. `lookup`: the function METRICS, or ALARM."""
        python = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression)
        functions = {
            "IF": lambda is_true, then, otherwise: None if is_true is None else (then if is_true else otherwise),
            "MAX": lambda found: max((one for one in found if one is not None), default=None),
            "SUM": lambda found: sum(known) if (known := [one for one in found if one is not None]) else None,
            "METRICS": lookup,
            "ALARM": lookup,
        }

        def value(node: ast.AST) -> Any:
            match node:
                case ast.Constant():
                    return node.value
                case ast.Name():
                    return values[node.id]
                case ast.List():
                    return [value(one) for one in node.elts]
                case ast.Call(func=ast.Name(id=name)):
                    return functions[name](*map(value, node.args))
                case ast.BinOp():
                    return applied(node.op, node.left, node.right)
                case ast.Compare():
                    return applied(node.ops[0], node.left, node.comparators[0])
                case ast.BoolOp():
                    return applied(node.op, *node.values)
            raise ValueError(f"no metric math that is known here: {ast.dump(node)}")

        def applied(symbol: ast.AST, one: ast.AST, other: ast.AST) -> Any:
            found = value(one), value(other)
            return None if None in found else _OPERATORS[type(symbol)](*found)

        return value(ast.parse(python.strip(), mode="eval").body)

    def _resolved(self, value: Any) -> Any:
        """Return a value of the template with parameters as their values, and resources as their names.

        The functions print without the stack's part of the namespace, as long as their variable is not set.
        """
        if isinstance(value, list):
            return [self._resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": name}:
                return self._parameters.get(name, name)
            case {"Fn::GetAtt": [name, "Version.Version"]}:
                return f"{name}.Version"
            case {"Fn::GetAtt": [name, _]}:
                return name
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{(\w+)\}", r"\1", text.replace("/${AWS::StackName}", ""))
            case {"Fn::If": [_, then, _]}:
                return self._resolved(then)
        return {name: self._resolved(one) for name, one in value.items()}
