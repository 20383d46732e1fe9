"""The steps of a deployment and of the way back, in their order. A failure stops all later steps.

build       the layer and the functions, for AWS
check       template.yaml, by SAM and cfn-lint
package     code and template go to the bucket, as a version
change set  what CloudFormation would change: shown, and confirmed
firestore   rules and indexes first; the functions need the indexes
stack       the change set is executed: functions, layer and machine together
smoke test  a tick runs, the kick answers
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from cli.deploy import change_sets, versions
from cli.deploy.change_sets import ChangeSet, find_stack, outputs_of
from cli.deploy.places import Place, check_template
from cli.deploy.smoke import smoke_test
from cli.deploy.stages import DeployError
from cli.deploy.versions import Version
from local import LocalError

Say = Callable[[str, str], None]
"""Called with a step's name and its result, and with an empty name for further lines."""
Ask = Callable[[str], bool]
"""Called with a question. Return whether the answer is yes."""

# A way back is not shifted gradually: the version that leaves is known to be bad.
_AT_ONCE = {"TrafficShift": "AllAtOnce"}


def deploy(place: Place, say: Say, ask: Ask) -> None:
    """Deploy what is in this folder. DeployError says which step stopped it."""
    formation, name = place.client("cloudformation"), place.stage.stack_name
    with step("stack"):
        stack = find_stack(formation, name)
        change_sets.refuse_unready(stack, name)
        before = versions.live(place) if stack else None
    with _timed("build", say) as done:
        built = place.build()
        done.append("the layer and the functions")
    with _timed("check", say) as done:
        done.append(check_template(place.stage.region))
    with _timed("package", say) as done:
        template = place.package(built, f"{place.stage.name}/code")
        id_ = versions.new_id(datetime.now(UTC))
        version = Version.made(id_, before.id if before else "", place.stage.parameters, template)
        versions.store(place, version)
        done.append(f"version {id_}")
    _put(place, version, "Deploy", say, ask)


def roll_back(place: Place, to: str, say: Say, ask: Ask) -> None:
    """Go back to the version `to`, or without an id to the one that was live before.

    Code, layer, machine and parameters go back. Firestore's rules, indexes and data stay as they are.
    """
    formation, name = place.client("cloudformation"), place.stage.stack_name
    with step("version"):
        stack = find_stack(formation, name)
        if stack is None:
            raise DeployError(f"There is no stack {name}: nothing was ever deployed.")
        change_sets.refuse_unready(stack, name)
        now = versions.live(place)
        target = to or (now.replaced if now else "")
        if not target:
            raise DeployError(
                f"Nobody kept the version before {now.id if now else 'the one that is live'}. Name another with TO=, or"
                " check out its commit and deploy that."
            )
        version = versions.load(place, target)
    say("version", f"{now.id if now else 'unknown'} is live; going back to {version.id}")
    _put(place, version, "Go back", say, ask, is_way_back=True)


def _put(place: Place, version: Version, what: str, say: Say, ask: Ask, *, is_way_back: bool = False) -> None:
    """Make the version live: the steps from the change set on."""
    formation, name = place.client("cloudformation"), place.stage.stack_name
    known = version.template.get("Parameters", {}).keys()
    at_once = {key: value for key, value in _AT_ONCE.items() if is_way_back and key in known}
    with _timed("change set", say) as done:
        if strange := version.parameters.keys() - known:
            raise DeployError(f"template.yaml has no parameter {min(strange)}: correct samconfig.toml.")
        stack, url = find_stack(formation, name), versions.address(place, version.id)
        parameters = {**version.parameters, **at_once}
        change_set = change_sets.create(formation, stack, name, f"v{version.id}", url, parameters, place.role)
        done.append(_count(change_set))
    for line in change_set.lines if change_set else ():
        say("", line)
    if change_set and not ask(f"{what}: make these {len(change_set.lines)} changes to {name}?"):
        change_sets.discard(formation, change_set)
        raise DeployError("Nothing was changed.")
    if is_way_back:
        say("firestore", "rules, indexes and data stay as they are")
    else:
        with _timed("firestore", say) as done, _discarded_on_error(formation, change_set):
            done.append(place.prepare_firestore())
    if change_set:
        with _timed("stack", say) as done:
            done.append(change_sets.execute(formation, change_set, place.poll_s))
    advice = f"The version is live, but does not work: `make rollback STAGE={place.stage.name}` goes back"
    with _timed("smoke test", say, advice) as done:
        done.append(smoke_test(place, outputs_of(find_stack(formation, name) or {})))


def _count(change_set: ChangeSet | None) -> str:
    return f"{len(change_set.lines)} changes" if change_set else "nothing has changed in the stack"


@contextlib.contextmanager
def _discarded_on_error(formation: object, change_set: ChangeSet | None) -> Iterator[None]:
    """Delete the change set if it will not be executed, so that nobody executes it later by hand."""
    try:
        yield
    except BaseException:
        if change_set:
            change_sets.discard(formation, change_set)
        raise


@contextlib.contextmanager
def _timed(name: str, say: Say, advice: str = "") -> Iterator[list[str]]:
    """Run a step. Say its result, which the step appends to the list, and how long it took."""
    began, result = time.monotonic(), list[str]()
    with step(name, advice):
        yield result
    say(name, f"{result[0]}, {time.monotonic() - began:.0f} s")


@contextlib.contextmanager
def step(name: str, advice: str = "") -> Iterator[None]:
    """Turn what goes wrong in a step into a DeployError that names the step, and gives the advice."""
    try:
        yield
    except (DeployError, LocalError, BotoCoreError, ClientError, GoogleAPIError, GoogleAuthError) as error:
        raise DeployError(f"{name}: {error}{f' {advice}.' if advice else ''}") from error
