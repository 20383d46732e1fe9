"""`tracking doctor`: what is missing on this machine, or on a real account before and after a deployment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from cli.counts import counted
from cli.doctor import aws, deployed, google, local, platforms
from cli.doctor.checks import Check, Finding, Verdict, finding_of, run
from cli.doctor.stage import Stage, read_stage
from cli.samconfig import LOCAL, local_parameters
from local import LocalError
from local import aws as ministack
from local.stack import State
from tracking.clients import http_client
from tracking.clock import SystemClock
from tracking.errors import InvalidJobError
from tracking.jobs import PlatformName
from tracking.platform_contract import PLATFORMS
from tracking.sentences import Sentence
from tracking.settings import SettingsError

_STYLES = {
    Verdict.OK: "green",
    Verdict.NOTE: "yellow",
    Verdict.WRONG: "red",
    Verdict.UNKNOWN: "yellow",
    Verdict.SKIPPED: "dim",
}
_REDIRECTING = ("AWS_ENDPOINT_URL", "FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST")
"""Beginnings of variables; AWS has one for each service, too: AWS_ENDPOINT_URL_LAMBDA."""

_PROBE_HELP = "Track this public account as a job, which costs what a job costs, and delete it again."


def doctor(
    is_of_account: Annotated[bool, typer.Option("--aws", help="Check a real account, not this machine.")] = False,
    stage_name: Annotated[str, typer.Option("--stage", help="A stage of samconfig.toml, or `local`.")] = "",
    is_deployed: Annotated[bool, typer.Option("--deployed", help="The stack must exist.")] = False,
    in_use: Annotated[
        list[PlatformName], typer.Option("--platform", help="A platform in use; all if none is named.")
    ] = [],  # noqa: B006 - typer copies it
    probed: Annotated[list[str], typer.Option("--probe", metavar="PLATFORM:USERNAME", help=_PROBE_HELP)] = [],  # noqa: B006
) -> None:
    """List what is missing, and how to get it. Exit code 1 if something required is missing or wrong.

    Without --aws: the needs of the local stack. With --aws: a stage's accounts, before its deployment and after it.
    """
    if not is_of_account and (stage_name or is_deployed or in_use or probed):
        raise InvalidJobError(Sentence("--stage, --deployed, --platform and --probe need --aws."))
    if not is_of_account:
        local.list_needs()
        return
    if not stage_name:
        raise InvalidJobError(Sentence("--aws needs a stage of samconfig.toml, or local: --stage prod."))
    names = in_use or list(PlatformName)
    findings = list(_shown(_findings(stage_name, names, _probes(probed), must_exist=is_deployed)))
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    Console(highlight=False).print(f"{counted(len(findings), 'check')}: {verdicts}.")
    if counts[Verdict.WRONG]:
        raise typer.Exit(1)


def _findings(
    stage_name: str, in_use: Sequence[PlatformName], probes: Sequence[tuple[PlatformName, str]], *, must_exist: bool
) -> Iterator[Finding]:
    stage = _prepared(stage_name)
    access = next(run([Check("AWS credentials", lambda: aws.credentials(stage.region))]))
    yield access
    if access.verdict is not Verdict.OK:  # nothing else could be read
        return
    stage, of_stack = _with_stack(stage, must_exist=must_exist)
    yield of_stack
    of_parameters = finding_of(Check("parameters", lambda: aws.parameters(stage)))
    yield of_parameters
    if of_parameters.verdict is not Verdict.OK:  # the functions' settings are not known
        return
    used = dict.fromkeys(PLATFORMS[name].credential for name in in_use)
    http = http_client()
    yield from run(
        [
            *aws.checks(stage, used),
            *google.checks(stage, http),
            *platforms.checks(stage, in_use),
            *deployed.checks(stage, http),
        ]
    )
    progress = Console(stderr=True, highlight=False)
    yield from map(finding_of, deployed.probes(stage, probes, http, progress, SystemClock()))


def _with_stack(stage: Stage, *, must_exist: bool) -> tuple[Stage, Finding]:
    """Return the stage with its deployed stack, and the finding about the stack."""
    found: list[Stage] = []

    def look() -> str:
        found.append(replace(stage, stack=aws.find_stack(stage)))
        return aws.stack(found[0], must_exist=must_exist)

    finding = next(run([Check("stack", look)]))
    return (found[0] if found else stage), finding


def _prepared(name: str) -> Stage:
    """Return the stage, and set the variables with which all clients reach its accounts."""
    if name != LOCAL:
        stage = read_stage(name)
        if redirected := [name for name, value in os.environ.items() if value and name.startswith(_REDIRECTING)]:
            told = f"{', '.join(redirected)} would lead the checks away from the accounts of {name}: unset it,"
            raise SettingsError(f"{told} or check --stage {LOCAL}.")
        os.environ |= {"AWS_DEFAULT_REGION": stage.region, "AWS_REGION": stage.region}
        if stage.profile:
            os.environ["AWS_PROFILE"] = stage.profile
        return stage
    running = State.load()
    if not running.is_up():
        raise LocalError("The local stack is not running: start it with `make up`.")
    os.environ.update(running.environment())
    return Stage(LOCAL, ministack.STACK_NAME, ministack.REGION, local_parameters(running))


def _probes(texts: Iterable[str]) -> list[tuple[PlatformName, str]]:
    found = []
    for text in texts:
        platform, _, username = text.partition(":")
        if platform not in list(PlatformName) or not username:
            raise InvalidJobError(
                Sentence(f"A probe is a platform and an account, as youtube:GoogleDevelopers; not {text}.")
            )
        found.append((PlatformName(platform), username))
    return found


def _shown(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Print each finding on one line as it comes, and yield it."""
    out = Console(highlight=False)
    for finding in findings:
        mend = f" -> {finding.mend}" if finding.mend else ""
        out.print(f"{finding.verdict:<9} ", style=_STYLES[finding.verdict], end="")
        out.print(f"{finding.name:<19} {finding.found}{mend}", markup=False, soft_wrap=True)
        yield finding
