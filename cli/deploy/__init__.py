"""`tracking deploy` and `tracking rollback`: make a release of the pipeline live in a stage, and go back.

The credentials are those of the shell, as the AWS and Google command lines find them.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.deploy import steps
from cli.deploy.places import Account, LocalStack, Place
from cli.deploy.stages import DeployError, read_stage
from cli.samconfig import LOCAL

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

StageName = Annotated[str, typer.Argument(metavar="STAGE", help="A stage of samconfig.toml, or local.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before the change.")]


def deploy(
    stage: StageName,
    yes: Yes = False,
    only_newer: Annotated[
        bool, typer.Option("--only-newer", help="Refuse a commit that is older than the live release's.")
    ] = False,
) -> None:
    """Deploy this folder to a stage: rules and indexes, then functions and machine, then a smoke test."""
    steps.deploy(_place(stage), _say, lambda question: yes or _ask(question), only_newer=only_newer)
    out.print("Deployed.")


def rollback(
    stage: StageName,
    to: Annotated[str, typer.Option(help="The release; the one before, if left out.")] = "",
    yes: Yes = False,
) -> None:
    """Go back to the release before. Rules, indexes and data stay as they are."""
    steps.roll_back(_place(stage), to, _say, lambda question: yes or _ask(question))
    out.print("Rolled back.")


def _place(stage: str) -> Place:
    with steps.step("stage"):
        return LocalStack.open() if stage == LOCAL else Account.open(read_stage(stage))


def _say(step: str, result: str) -> None:
    out.print(f"{step:<10}  {result}", markup=False)


def _ask(question: str) -> bool:
    """Return the answer. Without a terminal nobody can answer: DeployError."""
    if not sys.stdin.isatty():
        raise DeployError("Nothing was changed: there is no terminal to ask at. YES=1 deploys without asking.")
    err.print(f"{question} [y/N] ", end="", markup=False)
    return input().strip().lower() in {"y", "yes"}
