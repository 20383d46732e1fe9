"""`tracking local ...`: the local stack from the command line."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer
from rich.console import Console
from rich.table import Table

from local import LocalError, passing, stack, web
from tracking.errors import TrackingError

app = typer.Typer(help="The whole pipeline on this machine.", no_args_is_help=True)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.command()
def up(
    firestore_port: Annotated[int | None, typer.Option(envvar="FIRESTORE_PORT", min=1, max=65535)] = None,
    aws_port: Annotated[int | None, typer.Option(envvar="AWS_PORT", min=1, max=65535)] = None,
    simulator_port: Annotated[int | None, typer.Option(envvar="SIMULATOR_PORT", min=1, max=65535)] = None,
    news_port: Annotated[int | None, typer.Option(envvar="NEWS_PORT", min=1, max=65535)] = None,
    auth_port: Annotated[int | None, typer.Option(envvar="AUTH_PORT", min=1, max=65535)] = None,
    page_port: Annotated[int | None, typer.Option(envvar="PAGE_PORT", min=1, max=65535)] = None,
) -> None:
    """Start all parts and deploy the template; running parts are brought up to date.

    Free ports are chosen unless you name them.
    """
    ports = {"firestore": firestore_port, "aws": aws_port, "simulator": simulator_port}
    ports |= {"news": news_port, "auth": auth_port, "page": page_port}
    try:
        state = stack.up(ports, say=lambda text: err.print(text, style="dim"))
    except LocalError as error:
        _fail(error)
    except KeyboardInterrupt:
        err.print("Interrupted: everything that had been started was stopped.")
        raise typer.Exit(130) from None
    _show(state)
    out.print("\nTo use it from this shell:\n")
    for name, value in state.environment().items():
        out.print(f"export {name}={shlex.quote(value)}", soft_wrap=True)
    out.print("\nStop it with `make down`; `.venv/bin/tracking local logs` shows what the parts say.")


@app.command()
def down() -> None:
    """Stop everything that `up` started."""
    try:
        stack.down()
    except LocalError as error:
        _fail(error)
    out.print("The local stack is stopped.")


@app.command()
def dev() -> None:
    """Serve the demo page with hot reload, on the running stack. Ctrl-C ends the server; the stack goes on."""
    state = stack.State.load()
    page = state.page() if state.is_up() else None
    if page is None:
        _fail(LocalError("The local stack, or its demo page, is not running: start it with `make up`."))
    try:
        web.serve_page(page, stack.trigger_url(state))
    except LocalError as error:
        _fail(error)


@app.command()
def day(
    number: Annotated[int, typer.Argument(help="How many days pass, one after the other.", min=1, max=60)] = 1,
) -> None:
    """Let a day pass: the demo's projects become a day older, the platforms go on, and accounts are fetched again."""
    try:
        for _ in range(number):
            passed = passing.pass_day(stack.running())
            late = f"; {passed.waiting} are not fetched yet" if passed.waiting else ""
            out.print(f"Day {passed.day}: {passed.fetched} accounts were fetched again{late}.")
    except (LocalError, TrackingError) as error:
        _fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def status() -> None:
    """List the parts and their addresses. Exit code 1 unless all parts run."""
    state = stack.State.load()
    if not state.parts:
        err.print("The local stack is not running: start it with `make up`.")
        raise typer.Exit(1)
    _show(state)
    if not state.is_up():
        raise typer.Exit(1)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="Such as firestore, simulator, aws or sam-deploy; all if left out.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Print the logs of the parts."""
    files = [stack.log_of(name)] if name else sorted(stack.log_of("*").parent.glob("*.log"))
    missing = [file for file in files if not file.exists()]
    if missing or not files:
        _fail(LocalError(f"There is no log{f' named {name}' if name else ''} yet: start the stack with `make up`."))
    opened = [(file, file.open(errors="replace")) for file in files]
    try:
        _print_new(opened)
        while follow:
            time.sleep(0.3)
            _print_new(opened)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    finally:
        for _, lines in opened:
            lines.close()


def _print_new(opened: Sequence[tuple[Path, TextIO]]) -> None:
    for file, lines in opened:
        for line in lines:
            sys.stdout.write(f"{file.stem:>10} | {line.rstrip()}\n" if len(opened) > 1 else line)
    sys.stdout.flush()


def _show(state: stack.State) -> None:
    table = Table("part", "state", "address", "process", box=None, pad_edge=False)
    for name, part in state.parts.items():
        pid = str(part.process.pid) if part.process else "not ours"
        table.add_row(name, "running" if part.is_alive() else "stopped", part.address, pid)
    out.print(table)
    if not state.deployed:
        out.print("The template is not deployed.")


def _fail(error: LocalError | TrackingError) -> NoReturn:
    err.print(f"error: {error}", markup=False, style="red", soft_wrap=True)
    raise typer.Exit(1)
