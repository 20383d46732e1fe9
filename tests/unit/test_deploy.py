"""`tracking deploy` and `tracking rollback`, in memory: the order of the steps, and what each failure leaves behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import typer.testing

import cli
from cli import samconfig
from cli.deploy import firestore_indexes, steps
from cli.deploy.firestore_indexes import wait_until_ready
from cli.deploy.releases import Release, live
from cli.deploy.stages import DeployError, Stage, read_stage
from local import LocalError
from local.stack import State
from tests.deploying import FakePlace
from tests.doubles import ManualClock

CONFIG = """
version = 0.1
[default.build.parameters]
parallel = true
[staging.global.parameters]
stack_name = "tracking-staging"
region = "eu-west-1"
[staging.deploy.parameters]
parameter_overrides = ["GoogleCloudProject=acme-staging", "AllowedOrigins=https://a.example,https://b.example"]
[empty.global.parameters]
stack_name = "tracking-empty"
region = "eu-west-1"
[nowhere.global.parameters]
stack_name = "tracking-nowhere"
[text.global.parameters]
stack_name = "tracking-text"
region = "eu-west-1"
[text.deploy.parameters]
parameter_overrides = "A=b C='d e'"
[odd.global.parameters]
stack_name = "tracking-odd"
region = "eu-west-1"
[odd.deploy.parameters]
parameter_overrides = ["GoogleCloudProject"]
[local.deploy.parameters]
parameter_overrides = ["MaxRunningJobs=20"]
"""


@pytest.fixture
def place(tmp_path: Path) -> FakePlace:
    return FakePlace(tmp_path)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A samconfig.toml that takes the place of ours."""
    file = tmp_path / "samconfig.toml"
    file.write_text(CONFIG)
    monkeypatch.setattr(samconfig, "FILE", file)
    return file


def yes(question: str) -> bool:
    return True


class Said:
    """Collects what the steps say."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.lines: list[str] = []

    def __call__(self, step: str, result: str) -> None:
        self.steps += [step] if step else []
        self.lines.append(result)


def deploy(place: FakePlace, code: str = "1", **parameters: str) -> Said:
    """Deploy this code with these parameters, confirmed."""
    said, place.code = Said(), code
    place.stage = replace(place.stage, parameters={**place.stage.parameters, **parameters})
    steps.deploy(place, said, yes)
    return said


def roll_back(place: FakePlace, to: str = "") -> Said:
    said = Said()
    steps.roll_back(place, to, said, yes)
    return said


def live_code(place: FakePlace) -> str:
    return str(place.formation.template["Resources"]["TriggerFunction"]["Properties"]["Code"])


def live_id(place: FakePlace) -> str:
    release = live(place)
    assert release is not None
    return release.id


# The steps


def test_deploy_takes_all_steps_in_order(place: FakePlace) -> None:
    said = deploy(place)
    assert said.steps == ["build", "check", "package", "change set", "firestore", "stack", "smoke test"]
    assert live_code(place) == "1"


def test_functions_get_the_name_of_the_release(place: FakePlace) -> None:
    deploy(place)
    assert place.formation.values["Release"] == live_id(place)


def test_deploy_uses_cloudformations_role(place: FakePlace) -> None:
    asked: list[dict[str, Any]] = []

    def refuse(question: str) -> bool:
        asked.extend(made["arguments"] for made in place.formation.change_sets.values())
        return False

    with pytest.raises(DeployError):
        steps.deploy(place, Said(), refuse)
    assert asked[0]["RoleARN"] == place.role
    assert asked[0]["Capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def test_indexes_are_deployed_before_the_functions(place: FakePlace) -> None:
    executed: list[str] = []
    place.prepare_firestore = lambda: executed.extend(place.formation.executed) or "ready"  # type: ignore[method-assign, func-returns-value]
    deploy(place)
    assert executed == []
    assert len(place.formation.executed) == 1


@pytest.mark.parametrize("step", ["build", "check", "package", "firestore"])
def test_failed_step_stops_all_later_ones(place: FakePlace, step: str) -> None:
    place.failing = step
    with pytest.raises(DeployError, match=f"^{step}: {step} went wrong"):
        deploy(place)
    assert step not in place.done
    assert place.formation.executed == []
    assert place.formation.change_sets == {}
    assert place.formation.stack is None, "an empty stack must not stay"


def test_no_is_an_answer(place: FakePlace) -> None:
    with pytest.raises(DeployError, match="Nothing was changed"):
        steps.deploy(place, Said(), lambda question: False)
    assert (place.formation.change_sets, place.formation.stack, place.formation.executed) == ({}, None, [])
    assert "firestore" not in place.done


def test_no_deletes_no_stack_that_somebody_else_made(place: FakePlace) -> None:
    """Two people deploy a new stage. The first one's deployment is done while the second one reads the changes."""
    made = {"StackStatus": "CREATE_COMPLETE"}

    def refuse(question: str) -> bool:
        place.formation.stack = made
        return False

    with pytest.raises(DeployError, match="Nothing was changed"):
        steps.deploy(place, Said(), refuse)
    assert place.formation.stack == made


def test_deploy_shows_changed_parameters_and_resources(place: FakePlace) -> None:
    deploy(place)
    said = deploy(place, code="2", Days="9")
    assert "parameter Days: 7 -> 9" in said.lines
    assert "modify TriggerFunction, AWS::Lambda::Function" in said.lines


def test_unknown_parameter_is_refused_by_name(place: FakePlace) -> None:
    with pytest.raises(DeployError, match="no parameter Dayz"):
        deploy(place, Dayz="9")


def test_refused_change_set_tells_the_reason(place: FakePlace) -> None:
    place.formation.refused = "Parameter Days must be a number"
    with pytest.raises(DeployError, match="CloudFormation refuses the change: Parameter Days must be a number"):
        deploy(place)


def test_deploy_without_changes_still_prepares_firestore(place: FakePlace) -> None:
    """Rules and indexes may have changed. `Release` is given, since it changes with every deployment."""
    deploy(place, Release="same")
    said = deploy(place)
    assert len(place.formation.executed) == 1
    assert said.lines[3].startswith("nothing has changed in the stack")
    assert place.done.count("firestore") == 2


def test_failed_change_tells_the_first_reason(place: FakePlace) -> None:
    deploy(place)
    place.formation.failure = "Specified ReservedConcurrentExecutions decreases the unreserved below 10"
    with pytest.raises(DeployError, match=r"(?s)the release before is back:.*TriggerFunction: Specified Reserved"):
        deploy(place, code="2")
    assert live_code(place) == "1"


REFUSED = [
    ("UPDATE_IN_PROGRESS", "is at work"),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "is at work"),
    ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name tracking"),
    ("ROLLBACK_COMPLETE", "delete-stack --stack-name tracking"),
    ("ROLLBACK_FAILED", "delete-stack --stack-name tracking"),
    ("DELETE_FAILED", "delete-stack --stack-name tracking"),
]


@pytest.mark.parametrize(("status", "advice"), REFUSED)
def test_stack_that_cannot_change_is_told_at_once(place: FakePlace, status: str, advice: str) -> None:
    place.formation.stack = {"StackStatus": status}
    with pytest.raises(DeployError, match=advice):
        deploy(place)
    assert place.done == [], "nothing is built for it"


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"])
def test_stack_of_other_means_can_be_deployed_to(place: FakePlace, status: str) -> None:
    place.formation.stack = {"StackStatus": status}
    place.formation.template = {"Resources": {}}
    deploy(place)
    assert live_code(place) == "1"


# The smoke test


def test_failing_tick_names_the_error_and_the_way_back(place: FakePlace) -> None:
    deploy(place)
    place.function.answer = {"errorType": "CredentialsError", "errorMessage": "The secret is missing."}
    with pytest.raises(DeployError) as caught:
        deploy(place, code="2")
    assert "The tick fails with CredentialsError: The secret is missing." in str(caught.value)
    assert "`make rollback STAGE=test` goes back" in str(caught.value)


def test_failing_tick_of_a_new_stack_points_to_the_page(place: FakePlace) -> None:
    place.function.answer = {"errorType": "CredentialsError", "errorMessage": "The secret is missing."}
    with pytest.raises(DeployError, match=r"The stack is new: .* docs/deploy.md"):
        deploy(place)


def test_kick_uses_the_first_of_two_secrets(place: FakePlace) -> None:
    assert "the kick answered 202" in deploy(place).lines[-1]


@pytest.mark.parametrize("error", ["ResourceNotFoundException", "AccessDeniedException"])
def test_kick_without_a_secret_must_be_refused(place: FakePlace, error: str) -> None:
    """The pipeline's right ends in `kick-??????`, which matches no secret that does not exist."""
    place.manager.secrets.clear()
    place.manager.missing = error
    assert "the kick answered 401, as there is no secret" in deploy(place).lines[-1]


def test_wrong_answer_of_the_kick_fails_the_smoke_test(place: FakePlace) -> None:
    place.manager.secrets["kick"] = "old"
    with pytest.raises(DeployError, match="The kick answers 401, not 202"):
        deploy(place)


def test_kick_that_does_not_answer_fails_the_smoke_test(place: FakePlace) -> None:
    place.kick_error = httpx.ConnectTimeout("timed out")
    with pytest.raises(DeployError, match="The kick does not answer: timed out"):
        deploy(place)


# The way back


def test_rollback_makes_the_version_before_live(place: FakePlace) -> None:
    deploy(place, code="1", Days="7")
    first = live_id(place)
    place.stage = replace(place.stage, parameters={"Days": "9"})
    deploy(place, code="2")
    roll_back(place)
    assert (live_code(place), live_id(place)) == ("1", first)
    assert place.formation.values["Days"] == "7"


def test_rollback_neither_builds_nor_touches_firestore(place: FakePlace) -> None:
    deploy(place)
    deploy(place, code="2")
    place.done.clear()
    said = roll_back(place)
    assert place.done == []
    assert "rules, indexes and data stay, 0 s" in said.lines


def test_rollback_shifts_all_traffic_at_once(place: FakePlace) -> None:
    deploy(place, TrafficShift="Canary")
    deploy(place, code="2")
    roll_back(place)
    assert place.formation.values["TrafficShift"] == "AllAtOnce"
    deploy(place, code="3")
    assert place.formation.values["TrafficShift"] == "Canary"


def test_rollback_twice_goes_two_versions_back(place: FakePlace) -> None:
    for code in ("1", "2", "3"):
        deploy(place, code=code)
    roll_back(place)
    roll_back(place)
    assert live_code(place) == "1"


def test_rollback_that_failed_may_be_tried_again(place: FakePlace) -> None:
    """CloudFormation keeps the change set that failed, with its name."""
    deploy(place, code="1")
    deploy(place, code="2")
    place.formation.failure = "no place"
    with pytest.raises(DeployError, match="no place"):
        roll_back(place)
    place.formation.failure = ""
    place.clock.advance(60)
    roll_back(place)
    assert live_code(place) == "1"


def test_rollback_goes_to_a_named_version(place: FakePlace) -> None:
    deploy(place, code="1")
    first = live_id(place)
    deploy(place, code="2")
    deploy(place, code="3")
    roll_back(place, to=first)
    assert live_code(place) == "1"


def test_rollback_to_an_unknown_version_lists_the_newest(place: FakePlace) -> None:
    deploy(place)
    with pytest.raises(DeployError, match=f"There is no release v0. The newest releases: {live_id(place)}"):
        roll_back(place, to="v0")


def test_rollback_from_the_first_version_is_refused(place: FakePlace) -> None:
    deploy(place)
    with pytest.raises(DeployError, match="Nothing says which release was before"):
        roll_back(place)


def test_rollback_without_a_stack_is_refused(place: FakePlace) -> None:
    with pytest.raises(DeployError, match="nothing is deployed"):
        roll_back(place)


def test_failed_deployment_is_not_what_a_rollback_goes_to(place: FakePlace) -> None:
    deploy(place, code="1")
    place.formation.failure = "no place"
    with pytest.raises(DeployError):
        deploy(place, code="2")
    place.formation.failure = ""
    deploy(place, code="3")
    roll_back(place)
    assert live_code(place) == "1"


@pytest.mark.parametrize("template", [{}, {"Metadata": {}}, "text", None, {"Metadata": {"AWS::ServerlessRepo": {}}}])
def test_template_of_other_means_is_no_version(template: Any) -> None:
    assert Release.of(template) is None


def test_live_template_with_short_forms_is_no_version(place: FakePlace) -> None:
    formation = SimpleNamespace(get_template=lambda **names: {"TemplateBody": "A: !Ref B"})
    place.client = lambda service: formation  # type: ignore[method-assign]
    assert live(place) is None


# The indexes


def index(collection: str, *fields: tuple[str, str], state: str = "READY") -> Any:
    """An index as Google's client returns it, with the field that Firestore adds."""
    listed = [*fields, ("__name__", fields[-1][1])]
    return SimpleNamespace(
        name=f"projects/p/databases/(default)/collectionGroups/{collection}/indexes/x",
        state=SimpleNamespace(name=state),
        fields=[SimpleNamespace(field_path=path, order=SimpleNamespace(name=order)) for path, order in listed],
    )


class Admin:
    """Firestore's Admin API: each call for a collection answers with its next list, the last again and again."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def list_indexes(self, *, parent: str) -> list[Any]:
        answer = self.answers[min(self.asked.count(parent), len(self.answers) - 1)]
        self.asked.append(parent)
        return [one for one in answer if f"/{parent.rpartition('/')[2]}/" in one.name]


def all_indexes(state: str = "READY") -> list[Any]:
    return [index(collection, *fields, state=state) for collection, fields in firestore_indexes.wanted_indexes()]


def test_indexes_are_waited_for(place: FakePlace) -> None:
    admin = Admin(all_indexes("CREATING"), all_indexes()[:-1] + all_indexes("CREATING")[-1:], all_indexes())
    groups = "projects/acme/databases/(default)/collectionGroups"
    assert wait_until_ready(admin, "acme", "(default)", ManualClock()) == len(all_indexes())
    collections = ("deliveries", "mail", "outbox", "trackedAccounts", "trackingJobs")
    assert sorted(admin.asked) == [f"{groups}/{name}" for name in collections for _ in range(3)]


def test_other_indexes_are_not_waited_for() -> None:
    foreign = index("trackingJobs", ("color", "ASCENDING"), state="CREATING")
    assert wait_until_ready(Admin([*all_indexes(), foreign]), "acme", "(default)", ManualClock()) == len(all_indexes())


def test_missing_index_is_named() -> None:
    without = [one for one in all_indexes() if one.fields[1].field_path != "leaseUntil"]
    with pytest.raises(DeployError, match=r"no index trackingJobs\(status ascending, leaseUntil ascending\)"):
        wait_until_ready(Admin(without), "acme", "(default)", ManualClock())


def test_broken_index_is_named() -> None:
    found = sorted(all_indexes(), key=lambda one: str(one.name))
    found[-1].state.name = "NEEDS_REPAIR"
    with pytest.raises(DeployError, match="cannot build the index trackingJobs"):
        wait_until_ready(Admin(found), "acme", "(default)", ManualClock())


def test_slow_indexes_end_the_wait() -> None:
    with pytest.raises(DeployError, match="still builds"):
        wait_until_ready(Admin(all_indexes("CREATING")), "acme", "(default)", ManualClock())


# The stages


def test_stage_is_read(config: Path) -> None:
    stage = read_stage("staging")
    parameters = {"GoogleCloudProject": "acme-staging", "AllowedOrigins": "https://a.example,https://b.example"}
    assert stage == Stage("staging", "tracking-staging", "eu-west-1", parameters)
    assert (stage.project, stage.database) == ("acme-staging", "(default)")


def test_parameters_may_be_a_text(config: Path) -> None:
    assert samconfig.parameters("text") == {"A": "b", "C": "d e"}


def test_local_stage_has_parameters_only(config: Path) -> None:
    assert samconfig.parameters("local") == {"MaxRunningJobs": "20"}


BAD_STAGES = [
    ("prod", "no stage prod with a stack_name and a region. The stages are staging, empty, text, odd, local"),
    ("version", "no stage version"),
    ("", "no stage  with"),
    ("default", "no stage default"),
    ("empty", "names no Firebase project for empty"),
    ("nowhere", "no stage nowhere"),
    ("odd", "must have the form Name=value"),
]


@pytest.mark.parametrize(("name", "said"), BAD_STAGES)
def test_bad_stage_gets_a_sentence(config: Path, name: str, said: str) -> None:
    with pytest.raises((DeployError, LocalError), match=said):
        read_stage(name)


def test_unreadable_config_gets_a_sentence(config: Path) -> None:
    config.write_text("= 1")
    with pytest.raises(LocalError, match=r"samconfig\.toml cannot be read"):
        read_stage("staging")


def test_stages_of_the_repository_can_be_read() -> None:
    """Only the Firebase project is missing: it is the operator's."""
    for name in ("staging", "prod"):
        with pytest.raises(DeployError, match="names no Firebase project"):
            read_stage(name)
    assert samconfig.parameters("local") == {}


# The commands


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_command_without_a_stack_says_how_to_get_one(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "load", lambda: State())
    done = typer.testing.CliRunner().invoke(cli.app, [command, "local"])
    assert isinstance(done.exception, DeployError)
    assert str(done.exception).startswith("stage: The local stack is not running")


def test_version_says_what_it_is() -> None:
    made = Release.made("b", "a", {"Days": "7"}, {"Metadata": {"Other": 1}, "Resources": {}})
    assert Release.of(json.loads(json.dumps(made.template))) == made
    assert made.template["Metadata"]["Other"] == 1
