"""Sign-in on this machine: one suite for the stand-in and, where Firebase's tools are installed, the Auth emulator."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import auth, aws, programs
from local.firestore import PROJECT
from local.paths import clean_environment

TOOLKIT = "/identitytoolkit.googleapis.com/v1"
ADA = auth.USERS[0]
KINDS = ["stand-in", *(["emulator"] if shutil.which("firebase") else [])]


@pytest.fixture(scope="module", params=KINDS)
def address(request: pytest.FixtureRequest, emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("auth")
    port = programs.choose_port(None, "sign-in")
    with pytest.MonkeyPatch.context() as environment:
        if request.param == "stand-in":
            environment.setenv("PATH", "/nowhere")
        command = auth.command(port, folder)
    log = folder / "auth.log"
    running = programs.start(command, clean_environment(), log)
    try:
        url = f"http://127.0.0.1:{port}"
        programs.wait_until_ready("auth", running, lambda: aws.answers(f"{url}/"), log, limit_s=60)
        auth.seed(url, emulator)
        yield url
    finally:
        running.stop()


@pytest.fixture
def ask(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False, params={"key": "any"}) as client:
        yield client


def sign_in(ask: httpx.Client, password: str = auth.PASSWORD) -> httpx.Response:
    body = {"email": ADA.email, "password": password, "returnSecureToken": True}
    return ask.post(f"{TOOLKIT}/accounts:signInWithPassword", json=body)


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def test_user_signs_in_and_gets_an_unsigned_token(ask: httpx.Client) -> None:
    answer = sign_in(ask).raise_for_status().json()
    held = claims(answer["idToken"])
    assert (answer["localId"], answer["email"], answer["expiresIn"]) == (ADA.uid, ADA.email, "3600")
    assert (held["sub"], held["user_id"], held["aud"]) == (ADA.uid, ADA.uid, PROJECT)
    assert held["iss"] == f"https://securetoken.google.com/{PROJECT}"
    assert held["email_verified"]  # mail goes to verified addresses alone
    assert held["exp"] - held["iat"] == 3600
    assert answer["idToken"].endswith(".")


def test_a_wrong_password_is_refused(ask: httpx.Client) -> None:
    refused = sign_in(ask, "wrong")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] in ("INVALID_LOGIN_CREDENTIALS", "INVALID_PASSWORD")


def test_a_token_is_renewed_for_the_same_user(ask: httpx.Client) -> None:
    sent = {"grant_type": "refresh_token", "refresh_token": sign_in(ask).json()["refreshToken"]}
    answer = ask.post("/securetoken.googleapis.com/v1/token", data=sent).raise_for_status().json()
    assert (answer["user_id"], claims(answer["id_token"])["sub"]) == (ADA.uid, ADA.uid)


def test_a_page_looks_its_user_up_with_the_token(ask: httpx.Client) -> None:
    answer = ask.post(f"{TOOLKIT}/accounts:lookup", json={"idToken": sign_in(ask).json()["idToken"]}).json()
    (user,) = answer["users"]
    assert (user["localId"], user["email"]) == (ADA.uid, ADA.email)
    assert "password" not in user


def test_an_administrator_looks_a_user_up_and_finds_no_strangers(ask: httpx.Client) -> None:
    path, owner = f"{TOOLKIT}/projects/{PROJECT}/accounts:lookup", {"Authorization": "Bearer owner"}
    answer = ask.post(path, json={"localId": [ADA.uid]}, headers=owner).json()
    assert [(user["localId"], user["emailVerified"]) for user in answer["users"]] == [(ADA.uid, True)]
    assert not ask.post(path, json={"localId": ["stranger"]}, headers=owner).json().get("users")


def test_a_page_of_another_origin_may_ask(ask: httpx.Client) -> None:
    asked = {"Origin": "http://127.0.0.1:1", "Access-Control-Request-Headers": "x-client-version,content-type"}
    answer = ask.options(f"{TOOLKIT}/accounts:lookup", headers=asked | {"Access-Control-Request-Method": "POST"})
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in ("*", "http://127.0.0.1:1")


def test_existing_users_are_seeded_again_without_harm(address: str, emulator: str) -> None:
    auth.seed(address, emulator)
    member = f"organizations/{ADA.org_id}/members/{ADA.uid}"
    documents = f"http://{emulator}/v1/projects/{PROJECT}/databases/(default)/documents"
    found = httpx.get(f"{documents}/{member}", headers={"Authorization": "Bearer owner"}, trust_env=False).json()
    assert found["fields"]["role"] == {"stringValue": "owner"}


@pytest.fixture
def firebase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a program named `firebase`, which is the first on the PATH."""
    program = tmp_path / "firebase"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def test_firebases_tools_that_do_not_run_are_left_alone(firebase: Path, tmp_path: Path) -> None:
    firebase.write_text("#!/bin/sh\nexit 1\n")
    assert "local.auth.stand_in" in auth.command(9099, tmp_path)


def test_firebases_tools_are_used_where_they_are(firebase: Path, tmp_path: Path) -> None:
    command = auth.command(9099, tmp_path)
    told = json.loads((tmp_path / "auth.json").read_text())["emulators"]
    assert (command[0], command[-1]) == (str(firebase), str(tmp_path / "auth.json"))
    assert told["auth"] == {"host": "127.0.0.1", "port": 9099}
    assert {part["host"] for name, part in told.items() if name != "ui"} == {"127.0.0.1"}
