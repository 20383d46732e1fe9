"""The steps of a deployment and of the way back, in their order. A failure stops all later steps.

build       the layer and the functions, for AWS
check       template.yaml, by SAM and cfn-lint
package     code and template go to the bucket, as a release
change set  what CloudFormation would change: shown, and confirmed
firestore   rules and indexes first; the functions need the indexes
stack       the change set is executed: functions, layer and machine together
smoke test  a tick runs, the kick answers
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from cli.counts import counted
from cli.deploy import change_sets, releases
from cli.deploy.change_sets import ChangeSet
from cli.deploy.places import Place, find_stack, outputs_of
from cli.deploy.releases import Release
from cli.deploy.smoke import smoke_test
from cli.deploy.stages import DeployError
from local import LocalError

Say = Callable[[str, str], None]
"""Called with a step's name and its result, and with an empty name for further lines."""
Ask = Callable[[str], bool]
"""Called with a question. Return whether the answer is yes."""


def deploy(place: Place, say: Say, ask: Ask, *, only_newer: bool = False) -> None:
    """Deploy this folder. DeployError says which step stopped it. `only_newer`: never put an older commit live."""
    with step("stack"):
        stack = _ready_stack(place)
        before = releases.live(place) if stack else None
    if before and only_newer:
        with step("release"):
            releases.refuse_older(before)
    with _timed(place, "build", say) as done:
        built = place.build()
        done.append("the layer and the functions")
    with _timed(place, "check", say) as done:
        done.append(place.check())
    with _timed(place, "package", say) as done:
        template = place.package(built, f"{place.stage.name}/code")
        id_ = releases.new_id(place.clock.now())
        parameters = _parameters(place, template, id_)
        release = Release.made(id_, before.id if before else "", parameters, template)
        releases.store(place, release)
        done.append(f"release {id_}")
    _make_live(place, release, parameters, place.prepare_firestore, say, ask)


def roll_back(place: Place, to: str, say: Say, ask: Ask) -> None:
    """Go back to the release `to`, or without an id to the one that was live before.

    Code, layer, machine and parameters go back. Firestore's rules, indexes and data stay as they are. The traffic is
    not shifted gradually: the release that leaves is known to be bad.
    """
    with step("release"):
        if _ready_stack(place) is None:
            raise DeployError(f"There is no stack {place.stage.stack_name}: nothing is deployed.")
        now = releases.live(place)
        target = to or (now.replaced if now else "")
        if not target:
            raise DeployError(
                f"Nothing says which release was before {now.id if now else 'the live one'}. Name one with TO=, or"
                f" check out its commit and deploy that. {releases.newest(place)}"
            )
        release = releases.load(place, target)
    say("release", f"{now.id if now else 'an unknown one'} is live; going back to {release.id}")
    at_once = {"TrafficShift": "AllAtOnce"} if "TrafficShift" in release.template["Parameters"] else {}
    _make_live(place, release, {**release.parameters, **at_once}, lambda: "rules, indexes and data stay", say, ask)


def _ready_stack(place: Place) -> dict[str, Any] | None:
    """Return the stack, or None if there is none yet. DeployError if it cannot be changed now."""
    stack = find_stack(place.client("cloudformation"), place.stage.stack_name)
    change_sets.refuse_unready(stack, place.stage.stack_name)
    return stack


def _parameters(place: Place, template: Mapping[str, Any], id_: str) -> dict[str, str]:
    """Return the parameters of samconfig.toml, and the release's name, without which Lambda makes no version."""
    given, known = place.stage.parameters, template.get("Parameters", {}).keys()
    if strange := given.keys() - known:
        raise DeployError(f"template.yaml has no parameter {min(strange)}: correct samconfig.toml.")
    return {"Release": id_, **given}


def _make_live(
    place: Place, release: Release, parameters: Mapping[str, str], firestore: Callable[[], str], say: Say, ask: Ask
) -> None:
    """Take the steps from the change set on. `firestore`: prepares Firestore, and says so."""
    formation, name = place.client("cloudformation"), place.stage.stack_name
    with _timed(place, "change set", say) as done:
        stack = find_stack(formation, name)
        # A release is deployed more than once, and a change set that failed keeps its name.
        made_as = f"r{release.id}-{place.clock.now():%Y%m%dT%H%M%S}"
        change_set = change_sets.create(place, stack, made_as, releases.address(place, release.id), parameters)
        done.append(counted(len(change_set.lines), "change") if change_set else "nothing has changed in the stack")
    with _discarded_on_error(formation, change_set):
        for line in change_set.lines if change_set else ():
            say("", line)
        if change_set and not ask(f"Make {counted(len(change_set.lines), 'change')} to {name}?"):
            raise DeployError("Nothing was changed.")
        with _timed(place, "firestore", say) as done:
            done.append(firestore())
    if change_set:
        with _timed(place, "stack", say) as done:
            done.append(change_sets.execute(place, change_set))
    advice = f"The release is live, but does not work: `make rollback STAGE={place.stage.name}` goes back"
    if stack is None:
        advice = "The stack is new: did its functions get access to Google? See docs/deploy.md, and deploy again"
    with _timed(place, "smoke test", say, advice) as done:
        done.append(smoke_test(place, outputs_of(find_stack(formation, name) or {})))


@contextlib.contextmanager
def _discarded_on_error(formation: Any, change_set: ChangeSet | None) -> Iterator[None]:
    """Delete the change set if it will not be executed, so that nobody executes it later by hand."""
    try:
        yield
    except BaseException:
        if change_set:
            change_sets.discard(formation, change_set)
        raise


@contextlib.contextmanager
def _timed(place: Place, name: str, say: Say, advice: str = "") -> Iterator[list[str]]:
    """Run a step. Say its result, which the step appends to the list, and how long it took."""
    began, result = place.clock.now(), list[str]()
    with step(name, advice):
        yield result
    say(name, f"{result[0]}, {(place.clock.now() - began).total_seconds():.0f} s")


@contextlib.contextmanager
def step(name: str, advice: str = "") -> Iterator[None]:
    """Turn what goes wrong in a step into a DeployError that names the step, and gives the advice."""
    try:
        yield
    except (DeployError, LocalError, BotoCoreError, ClientError, GoogleAPIError, GoogleAuthError) as error:
        raise DeployError(f"{name}: {error}{f' {advice}.' if advice else ''}") from error
