"""Sign-in on this machine: Firebase's own Auth emulator where its tools are installed, else a stand-in.

Both offer the REST API of Identity Toolkit, so the page, firebase-admin and `seed` work with either. Both issue
unsigned tokens, which only the Firestore emulator accepts: see `tracking.kick_auth`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import LocalError
from local.firestore import PROJECT
from local.programs import choose_port

PASSWORD = "tracking"  # noqa: S105  # of users who exist only on this machine
_ACCOUNTS = f"/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts"
_OWNER = {"Authorization": "Bearer owner"}  # emulators accept this token as an administrator's
_PATIENCE_S = 60.0  # enough for an emulator's first write on a busy machine
_TAKEN = ("DUPLICATE_LOCAL_ID", "EMAIL_EXISTS")


@dataclass(frozen=True)
class User:
    """A person who can sign in, with one organisation and one project."""

    uid: str
    name: str
    email: str
    org_id: str
    project_id: str
    role: str


USERS = (
    User("demo-user", "Ada", "ada@demo.test", "demo-org", "demo-project", "owner"),
    User("other-user", "Mallory", "mallory@demo.test", "other-org", "other-project", "owner"),
)


def command(port: int, folder: Path) -> list[str]:
    """Return the command line of the emulator, or of the stand-in. The emulator's configuration goes into `folder`."""
    firebase = shutil.which("firebase", path=os.environ.get("PATH", os.defpath))
    if firebase is None or subprocess.run([firebase, "--version"], capture_output=True, check=False).returncode != 0:
        return [sys.executable, "-m", "local.auth.stand_in", "--port", str(port)]
    parts = {"auth": port, "hub": choose_port(None, "hub"), "logging": choose_port(None, "logging")}
    emulators = {name: {"host": "127.0.0.1", "port": number} for name, number in parts.items()}
    configuration = folder / "auth.json"
    configuration.write_text(json.dumps({"emulators": emulators | {"ui": {"enabled": False}}}))
    start = ["emulators:start", "--only", "auth", "--project", PROJECT, "--config", str(configuration)]
    return [firebase, *start]


def seed(auth: str, firestore: str) -> None:
    """Create the demo's users and their memberships, unless they exist. LocalError when that fails.

    `auth`: the address of the sign-in; `firestore`: host and port of the emulator.
    """
    documents = f"http://{firestore}/v1/projects/{PROJECT}/databases/(default)/documents"
    with httpx.Client(headers=_OWNER, trust_env=False, timeout=_PATIENCE_S) as http:
        for user in USERS:
            role = {"fields": {"role": {"stringValue": user.role}}}
            try:
                add_account(http, auth, user.uid, user.email, user.name)
                member = f"{documents}/organizations/{user.org_id}/members/{user.uid}"
                http.patch(member, json=role).raise_for_status()
            except httpx.HTTPError as error:
                raise LocalError(f"{user.email} could not be made a member of {user.org_id}: {error}") from error


def add_account(http: httpx.Client, auth: str, uid: str, email: str, name: str = "") -> None:
    """Create a user with PASSWORD and a verified address, unless there is one. Raises httpx.HTTPError."""
    account = {"localId": uid, "email": email, "password": PASSWORD, "displayName": name, "emailVerified": True}
    made = http.post(f"{auth}{_ACCOUNTS}", json=account, headers=_OWNER)
    if not any(reason in made.text for reason in _TAKEN):
        made.raise_for_status()
