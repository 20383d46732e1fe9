"""CloudFormation's change sets: created, shown, executed and waited for.

The change set that was shown is the one that is executed. `formation` is a boto3 client of CloudFormation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cli.deploy.places import Place, find_stack
from cli.deploy.stages import DeployError
from local.build import CAPABILITIES

LIMIT = timedelta(hours=2)
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists all statuses.
_HOPELESS = {
    "UPDATE_ROLLBACK_FAILED": "hangs half-way between two releases: see its events, mend what they name, then"
    " `aws cloudformation continue-update-rollback --stack-name {name}`",
    "ROLLBACK_COMPLETE": "was never created: see why in its events, then"
    " `aws cloudformation delete-stack --stack-name {name}`",
}
_HOPELESS |= dict.fromkeys(("ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"), _HOPELESS["ROLLBACK_COMPLETE"])


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be executed. `lines`: its changes, one a line, for people."""

    id: str
    stack_name: str
    is_new: bool
    lines: tuple[str, ...]


def refuse_unready(stack: Mapping[str, Any] | None, name: str) -> None:
    """Raise DeployError if the stack cannot be changed now."""
    status = stack["StackStatus"] if stack else ""
    if status.endswith("_IN_PROGRESS"):
        raise DeployError(f"The stack {name} is at work ({status}): wait until that has ended, then deploy again.")
    if status in _HOPELESS:
        raise DeployError(f"The stack {name} ({status}) {_HOPELESS[status].format(name=name)}.")


def create(
    place: Place, stack: Mapping[str, Any] | None, name: str, template_url: str, parameters: Mapping[str, str]
) -> ChangeSet | None:
    """Create a change set from the stack as it is to the template with these parameters. None if nothing changes.

    Parameters that are not named get the template's default, so a deployment depends on nothing but the repository.
    """
    formation, stack_name = place.client("cloudformation"), place.stage.stack_name
    created = formation.create_change_set(
        StackName=stack_name,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if stack else "CREATE",
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
        **({"RoleARN": place.role} if place.role else {}),
    )
    deadline = place.clock.now() + LIMIT
    while True:
        pages = [*formation.get_paginator("describe_change_set").paginate(ChangeSetName=created["Id"])]
        status, reason = pages[0]["Status"], pages[0].get("StatusReason", "")
        if not status.endswith(("PENDING", "IN_PROGRESS")) or place.clock.now() > deadline:
            break
        place.clock.sleep(place.poll_s)
    made = ChangeSet(created["Id"], stack_name, stack is None, _lines(pages, stack))
    if status == "CREATE_COMPLETE":
        return made
    discard(formation, made)
    if any(words in reason for words in _NO_CHANGES):
        return None
    raise DeployError(f"CloudFormation refuses the change: {reason or status}")


def discard(formation: Any, change_set: ChangeSet) -> None:
    """Delete the change set, and the empty stack that it made if there was none, unless somebody has filled it."""
    formation.delete_change_set(ChangeSetName=change_set.id)
    if change_set.is_new and find_stack(formation, change_set.stack_name) is None:
        formation.delete_stack(StackName=change_set.stack_name)


def execute(place: Place, change_set: ChangeSet) -> str:
    """Execute the change set and wait until it is done. Return the stack's status.

    DeployError, with the first reasons in the stack's events, if the change failed. Then CloudFormation has put the
    resources back.
    """
    formation, began = place.client("cloudformation"), place.clock.now()
    formation.execute_change_set(ChangeSetName=change_set.id)
    while True:
        stack = formation.describe_stacks(StackName=change_set.stack_name)["Stacks"][0]
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS"):
            break
        if place.clock.now() - began > LIMIT:
            raise DeployError(f"The stack {change_set.stack_name} is still at work ({status}): see its events.")
        place.clock.sleep(place.poll_s)
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return status
    reasons = "".join(f"\n  {line}" for line in _failures(formation, change_set.stack_name, began))
    is_back = "; the release before is back" if status == "UPDATE_ROLLBACK_COMPLETE" else ""
    raise DeployError(f"The change failed ({status}){is_back}:{reasons or ' see the events of the stack'}")


def _failures(formation: Any, stack_name: str, since: datetime, limit: int = 3) -> list[str]:
    """Return the first reasons for which a resource failed, with its logical id."""
    pages = formation.get_paginator("describe_stack_events").paginate(StackName=stack_name)
    slack = timedelta(seconds=30)  # two clocks
    events = [event for page in pages for event in page["StackEvents"] if event["Timestamp"] > since - slack]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    told = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason')}" for event in failed]
    return [line for line in told if "cancelled" not in line][:limit]


def _lines(pages: list[dict[str, Any]], stack: Mapping[str, Any] | None) -> tuple[str, ...]:
    changes = [change["ResourceChange"] for page in pages for change in page.get("Changes", [])]
    before = {one["ParameterKey"]: one.get("ParameterValue", "") for one in (stack or {}).get("Parameters", [])}
    after = {one["ParameterKey"]: one.get("ParameterValue", "") for one in pages[0].get("Parameters", [])}
    told = [
        f"parameter {key}: {before[key]} -> {value}" for key, value in after.items() if before.get(key, value) != value
    ]
    return (*told, *map(_line, changes))


def _line(change: Mapping[str, Any]) -> str:
    replacement = {"True": " (replaced)", "Conditional": " (may be replaced)"}.get(change.get("Replacement", ""), "")
    return f"{change['Action'].lower():<7}{change['LogicalResourceId']}, {change['ResourceType']}{replacement}"
