"""Waiting for the indexes of firestore.indexes.json: a tick that needs an index which is still built fails.

`admin` is a client of Firestore's Admin API.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.deploy.stages import DeployError
from local.paths import ROOT
from tracking.clock import Clock

INDEXES = ROOT / "firestore.indexes.json"
LIMIT = timedelta(hours=1)
POLL_S = 10

Index = tuple[str, tuple[tuple[str, str], ...]]
"""The collection, and the fields with their directions."""


def wanted_indexes(file: Path = INDEXES) -> set[Index]:
    """Return the composite indexes of the file."""
    found = json.loads(file.read_text())["indexes"]
    return {
        (one["collectionGroup"], tuple((field["fieldPath"], field["order"]) for field in one["fields"]))
        for one in found
    }


def wait_until_ready(admin: Any, project: str, database: str, clock: Clock) -> int:
    """Return the number of indexes when all that the file wants are READY.

    DeployError if one is missing, cannot be built, or is not ready in an hour. Building an index over millions of
    documents can take longer; then the next deployment goes on waiting.
    """
    wanted, deadline = wanted_indexes(), clock.now() + LIMIT
    while True:
        states = _states(admin, f"projects/{project}/databases/{database}", {collection for collection, _ in wanted})
        if missing := wanted - states.keys():
            raise DeployError(
                f"Firestore has no index {_name(min(missing))}, though it was just deployed: deploy again."
            )
        counts = Counter(states[index] for index in wanted)
        if broken := counts.keys() - {"READY", "CREATING"}:
            (index, *_) = sorted(index for index in wanted if states[index] in broken)
            raise DeployError(
                f"Firestore cannot build the index {_name(index)}: delete it in the console, deploy again."
            )
        if not counts["CREATING"]:
            return len(wanted)
        if clock.now() > deadline:
            raise DeployError(
                f"Firestore still builds {counts['CREATING']} of {len(wanted)} indexes. Nothing else was changed:"
                " deploy again, which goes on waiting."
            )
        clock.sleep(POLL_S)


def _states(admin: Any, database: str, collections: set[str]) -> dict[Index, str]:
    """Return the state of each composite index.

    Firestore adds `__name__` as the last field of each, which the file does not name:
    https://firebase.google.com/docs/reference/firestore/indexes
    """
    found = {}
    for collection in collections:
        for index in admin.list_indexes(parent=f"{database}/collectionGroups/{collection}"):
            fields = ((field.field_path, field.order.name) for field in index.fields)
            found[(collection, tuple(pair for pair in fields if pair[0] != "__name__"))] = str(index.state.name)
    return found


def _name(index: Index) -> str:
    collection, fields = index
    return f"{collection}({', '.join(f'{path} {order.lower()}' for path, order in fields)})"
