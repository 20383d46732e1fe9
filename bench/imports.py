"""Import times of a cold start.

The process function is compared with its Firestore library, and the layer with a copy that has no bytecode.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import BenchError
from bench.table import Relation, Row, Target
from bench.timing import medians, ms
from local.paths import BUILD, LOCAL, RUNTIME, clean_environment, host_python

ROUNDS = 21
ROUNDS_WITHOUT_BYTECODE = 9

_FUNCTION = BUILD / "ProcessFunction"
_LAYER = BUILD / "CommonLayer" / "python"
_INIT = "process.app"
_FIRESTORE = "firebase_admin.firestore"


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=LOCAL, prefix="bench-") as folder:
        uncompiled = Path(folder) / "python"
        shutil.copytree(_LAYER, uncompiled, ignore=shutil.ignore_patterns("__pycache__"), copy_function=os.link)
        shipped, bare = medians(
            (lambda: _import_s(_INIT, _LAYER), lambda: _import_s(_INIT, uncompiled)), ROUNDS_WITHOUT_BYTECODE
        )
    init, firestore = medians((lambda: _import_s(_INIT, _LAYER), lambda: _import_s(_FIRESTORE, _LAYER)), ROUNDS)
    return [
        Row(
            f"process INIT / import of {_FIRESTORE} alone",
            init / firestore,
            Target(Relation.AT_MOST, 1.25),
            f"{ms(init)} / {ms(firestore)}",
        ),
        Row(
            "process INIT with the layer as shipped / without .pyc",
            shipped / bare,
            Target(Relation.AT_MOST, 0.45),
            f"{ms(shipped)} / {ms(bare)}",
        ),
    ]


def _import_s(module: str, layer: Path) -> float:
    """Return the seconds that the import of the module takes in a new process.

    As in Lambda, the process finds only Lambda's modules, and writes no bytecode.
    """
    script = f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"
    path = os.pathsep.join(map(str, (_FUNCTION, layer, RUNTIME)))
    environment = clean_environment() | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [host_python(), "-S", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{module} cannot be imported with {layer}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)
