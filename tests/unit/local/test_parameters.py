"""The template's parameters, and the secrets' names, on the local stack."""

from __future__ import annotations

import pytest
from cfnlint.decode import cfn_yaml

from local import build
from local.paths import ROOT
from local.stack import SIGNING_KEY, Part, State, deployment_parameters, function_variables
from tracking.platform_contract import CREDENTIALS


def stack(*names: str) -> State:
    return State({name: Part(f"http://127.0.0.1/{name}", None) for name in names})


def test_the_page_is_an_origin_that_may_kick() -> None:
    assert deployment_parameters(stack("simulator", "page"))["AllowedOrigins"] == "http://127.0.0.1/page"


def test_without_a_page_no_parameter_is_empty() -> None:
    parameters = deployment_parameters(stack("simulator"))
    assert "AllowedOrigins" not in parameters
    assert all(parameters.values())


def test_limits_are_those_of_an_account_with_many_places() -> None:
    assert deployment_parameters(stack("simulator"))["LambdaPlaces"] == "1000"


@pytest.mark.parametrize(("shell", "given"), [("on", "on"), ("off", "off"), ("", "off"), (None, "off")])
def test_pictures_are_switched_by_the_shell(monkeypatch: pytest.MonkeyPatch, shell: str | None, given: str) -> None:
    monkeypatch.delenv("PICTURES", raising=False)
    if shell is not None:
        monkeypatch.setenv("PICTURES", shell)
    assert deployment_parameters(stack("simulator"))["Pictures"] == given


def test_every_secret_but_googles_has_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names that the functions of this stage get."""
    monkeypatch.setattr(build, "built_template", lambda: cfn_yaml.load(str(ROOT / "template.yaml")))
    keys = {key.lower().replace("_", "-") for key in CREDENTIALS.values()}
    assert set(build.secret_names()) == {f"account-tracking/local/{name}" for name in {"kick", "signing", *keys}}


def test_functions_find_the_receiver_and_the_inbox() -> None:
    """Under the names that the AWS SDK and the notify function read."""
    variables = function_variables(stack("firestore", "auth", "simulator", "aws", "news"))
    address = "http://127.0.0.1/news"
    assert (variables["WEBHOOK_RECEIVER_URL"], variables["AWS_ENDPOINT_URL_SESV2"]) == (address, address)
    assert len(SIGNING_KEY) >= 32
