"""The template's parameters on the local stack."""

from __future__ import annotations

from local.stack import Part, State, deployment_parameters


def stack(*names: str) -> State:
    return State({name: Part(f"http://127.0.0.1/{name}", None) for name in names})


def test_the_page_is_an_origin_that_may_kick() -> None:
    assert deployment_parameters(stack("simulator", "page"))["AllowedOrigins"] == "http://127.0.0.1/page"


def test_without_a_page_no_parameter_is_empty() -> None:
    parameters = deployment_parameters(stack("simulator"))
    assert "AllowedOrigins" not in parameters
    assert all(parameters.values())
