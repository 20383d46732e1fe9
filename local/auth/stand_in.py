"""A stand-in for Firebase's Auth emulator: `python -m local.auth.stand_in --port 9099`.

As much of Identity Toolkit as signing in with a password, staying signed in and firebase-admin's look-up of a user
take; no sign-up, no reset, no OAuth. Shapes and paths: https://firebase.google.com/docs/reference/rest/auth
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from local.firestore import PROJECT

Json = dict[str, Any]

TOKEN_LIFE_S = 3600
_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
_REFRESH = "stand-in-"  # and the user's id: a page of the same port stays signed in when the stack is started anew


class RefusedError(Exception):
    """The message is the code that the real service answers with status 400."""


def unsigned_token(user: Json, now_s: int) -> str:
    """A Firebase ID token without a signature, as the Auth emulator makes them."""
    claims = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": user["localId"],
        "user_id": user["localId"],
        "email": user["email"],
        "email_verified": False,
        "auth_time": now_s,
        "iat": now_s,
        "exp": now_s + TOKEN_LIFE_S,
        "firebase": {"identities": {"email": [user["email"]]}, "sign_in_provider": "password"},
    }
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}."


def _encoded(part: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _subject(token: str) -> str:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"])


class Accounts:
    """The users, and what can be asked of them; each method takes a request's body and gives the answer's."""

    def __init__(self) -> None:
        self._users: dict[str, Json] = {}
        self.routes: dict[str, Callable[[Json], Json]] = {
            f"{_TOOLKIT}/projects/{PROJECT}/accounts": self.create,
            f"{_TOOLKIT}/projects/{PROJECT}/accounts:lookup": self.look_up,
            f"{_TOOLKIT}/accounts:lookup": self.look_up,
            f"{_TOOLKIT}/accounts:signInWithPassword": self.sign_in,
            "/securetoken.googleapis.com/v1/token": self.refresh,
        }

    def create(self, body: Json) -> Json:
        if body["localId"] in self._users:
            raise RefusedError("DUPLICATE_LOCAL_ID")
        now_ms = str(int(time.time() * 1000))
        # A page stays signed in when the stack is started anew, so tokens of before are not revoked by it.
        times = {"validSince": "0", "createdAt": now_ms, "lastLoginAt": now_ms}
        self._users[body["localId"]] = body | times
        return {"localId": body["localId"], "email": body["email"]}

    def look_up(self, body: Json) -> Json:
        """By the page with its token, by firebase-admin with ids."""
        wanted = [_subject(body["idToken"])] if "idToken" in body else body.get("localId", [])
        found = [self._users[uid] for uid in wanted if uid in self._users]
        return {"users": [{k: v for k, v in user.items() if k != "password"} for user in found]}

    def sign_in(self, body: Json) -> Json:
        user = next((user for user in self._users.values() if user["email"] == body["email"]), None)
        if user is None or user["password"] != body["password"]:
            raise RefusedError("INVALID_LOGIN_CREDENTIALS")
        known = {"localId": user["localId"], "email": user["email"], "registered": True}
        return known | {
            "idToken": unsigned_token(user, int(time.time())),
            "refreshToken": f"{_REFRESH}{user['localId']}",
            "expiresIn": str(TOKEN_LIFE_S),
        }

    def refresh(self, body: Json) -> Json:
        user = self._users.get(str(body.get("refresh_token", "")).removeprefix(_REFRESH))
        if user is None:
            raise RefusedError("INVALID_REFRESH_TOKEN")
        token = unsigned_token(user, int(time.time()))
        return {
            "id_token": token,
            "access_token": token,
            "refresh_token": body["refresh_token"],
            "expires_in": str(TOKEN_LIFE_S),
            "token_type": "Bearer",
            "user_id": user["localId"],
            "project_id": PROJECT,
        }


class _Handler(BaseHTTPRequestHandler):
    accounts: Accounts
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # name given by the base class
        self._answer(200, {"authEmulator": {"ready": True}})

    def do_OPTIONS(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        route = self.accounts.routes.get(self.path.partition("?")[0])
        if route is None:
            self._answer(404, {"error": {"code": 404, "message": "NOT_IN_THE_STAND_IN"}})
            return
        is_form = "form" in (self.headers.get("Content-Type") or "")
        body = {k: v[0] for k, v in parse_qs(sent).items()} if is_form else json.loads(sent or "{}")
        try:
            self._answer(200, route(body))
        except RefusedError as refused:
            self._answer(400, {"error": {"code": 400, "message": str(refused)}})
        except (KeyError, IndexError, ValueError):
            self._answer(400, {"error": {"code": 400, "message": "INVALID_REQUEST"}})

    def _answer(self, status: int, body: Json) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", self.headers.get("Access-Control-Request-Headers") or "*")
        self.end_headers()
        self.wfile.write(content)


def serve(port: int) -> ThreadingHTTPServer:
    """A stand-in that listens on this machine alone; the caller lets it serve, and closes it."""
    handler = type("Handler", (_Handler,), {"accounts": Accounts()})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.auth.stand_in", description="Signs the demo's users in.")
    parser.add_argument("--port", type=int, required=True)
    serve(parser.parse_args().port).serve_forever()
