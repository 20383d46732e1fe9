"""The idle tick, which runs 1,440 times a day, compared with a Lambda function that does nothing.

The no-op function logs a line, because MiniStack waits 50 ms for the first line of a function's log.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

from bench import BenchError
from bench.table import Relation, Row, Target
from bench.timing import medians, ms, took_s
from local import aws, stack
from local.paths import BUILD

ROUNDS = 41
_WARM_UPS = 3

_NO_OP = 'def handler(event, context):\n    print("done")\n    return {}\n'


def rows(state: stack.State) -> list[Row]:
    client = aws.client("lambda", state.aws())
    with _no_op_function(client) as no_op:
        tick = partial(_invoke, client, stack.outputs(state)["TriggerFunctionName"])
        nothing = partial(_invoke, client, no_op)
        for _ in range(_WARM_UPS):
            tick()
            nothing()
        tick_s, nothing_s = medians((lambda: took_s(tick), lambda: took_s(nothing)), ROUNDS)
    return [
        Row(
            "idle tick / no-op function",
            tick_s / nothing_s,
            Target(Relation.AT_MOST, 1.5),
            f"{ms(tick_s)} / {ms(nothing_s)}",
        )
    ]


def _invoke(client: Any, function: str) -> Any:
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise BenchError(f"{function} failed: {payload}")
    return payload


@contextlib.contextmanager
def _no_op_function(client: Any) -> Iterator[str]:
    """Create a function with the runtime, bootstrap and path of the deployed functions."""
    name = f"bench-no-op-{uuid4().hex[:8]}"
    client.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler="no_op.handler",
        Role="arn:aws:iam::000000000000:role/bench",
        Code={"ZipFile": _no_op_code()},
        Timeout=10,
    )
    try:
        yield name
    finally:
        client.delete_function(FunctionName=name)


def _no_op_code() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("no_op.py", _NO_OP)
        code.write(BUILD / "TriggerFunction" / "bootstrap", "bootstrap")  # `write` keeps its executable bit
    return archive.getvalue()
