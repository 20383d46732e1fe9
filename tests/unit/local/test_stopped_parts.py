"""Parts of the stack that had stopped: what `make up` says about them, and their old ports."""

from __future__ import annotations

import socket

import pytest

from local import LocalError, stack
from local.programs import Process
from local.stack import Part, State


def stopped(*names: str) -> dict[str, Part]:
    return {name: Part("http://127.0.0.1:1", Process(1, -60.0)) for name in names}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["aws"], "MiniStack had stopped and is started again. Firestore keeps its data; jobs that were running begin"),
        (["simulator"], "The platform simulator had stopped and is started again."),
        (["auth", "page"], "Sign-in and the demo page had stopped and are started again."),
        (
            ["firestore"],
            "The Firestore emulator had stopped and is started again: the jobs and accounts that Firestore",
        ),
        (
            ["firestore", "simulator", "aws"],
            "The Firestore emulator, the platform simulator and MiniStack had stopped and are started again: the jobs",
        ),
    ],
)
def test_stopped_parts_are_named_with_what_is_lost(names: list[str], sentence: str) -> None:
    told = stack._describe_stopped(stopped(*names))
    assert told.startswith(sentence)
    assert ("are gone." in told) == ("firestore" in names)


@pytest.mark.enable_socket
def test_a_part_gets_its_port_again_unless_it_is_taken() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        before = Part(f"http://127.0.0.1:{port}", Process(1, -60.0))
        assert stack._choose_port("aws", None, before) != port
        with pytest.raises(LocalError, match=f"Port {port} for MiniStack cannot be used"):
            stack._choose_port("aws", port, before)
    assert stack._choose_port("aws", None, before) == port


def test_a_stack_runs_while_any_part_of_ours_does() -> None:
    external = {"firestore": Part("127.0.0.1:1", None)}
    assert not State().runs()
    assert not State(external | stopped("aws")).runs()
