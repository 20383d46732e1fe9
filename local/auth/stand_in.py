"""A stand-in for Firebase's Auth emulator: `python -m local.auth.stand_in --port 9099`.

It signs users in with a password, renews their tokens, and looks users up for firebase-admin. It has no sign-up, no
reset and no OAuth. Shapes and paths: https://firebase.google.com/docs/reference/rest/auth
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import jwt
from werkzeug import Request, Response
from werkzeug.serving import make_server

from local.firestore import PROJECT

Json = dict[str, Any]
_LIFE_S = 3600  # of a token
_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
# A refresh token is this and the user's id. So a page stays signed in when the stack is restarted on the same port.
_REFRESH = "stand-in-"


class RefusedError(Exception):
    """A refused request. The message is the code that the real service sends with status 400."""


def _unsigned_token(user: Json) -> str:
    """Return a Firebase ID token without a signature, as the Auth emulator does."""
    now_s = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": user["localId"],
        "user_id": user["localId"],
        "email": user["email"],
        "email_verified": bool(user.get("emailVerified")),
        "auth_time": now_s,
        "iat": now_s,
        "exp": now_s + _LIFE_S,
        "firebase": {"identities": {"email": [user["email"]]}, "sign_in_provider": "password"},
    }
    return jwt.encode(claims, "", algorithm="none")


class Accounts:
    """The users, and the calls about them. Each call takes a request's body and returns the answer's body."""

    def __init__(self) -> None:
        self._users: dict[str, Json] = {}
        self._calls = {
            f"{_TOOLKIT}/projects/{PROJECT}/accounts": self._create,
            f"{_TOOLKIT}/projects/{PROJECT}/accounts:lookup": self._look_up,
            f"{_TOOLKIT}/accounts:lookup": self._look_up,
            f"{_TOOLKIT}/accounts:signInWithPassword": self._sign_in,
            "/securetoken.googleapis.com/v1/token": self._refresh,
        }

    def respond(self, request: Request) -> Response:
        status, body = self._answer(request)
        response = Response(json.dumps(body), status, content_type="application/json")
        response.headers["Access-Control-Allow-Origin"] = "*"
        allowed = request.headers.get("Access-Control-Request-Headers", "*")
        response.headers["Access-Control-Allow-Headers"] = allowed
        return response

    def _answer(self, request: Request) -> tuple[int, Json]:
        if request.method != "POST":  # a preflight, or a check whether the stand-in is ready
            return 200, {"authEmulator": {"ready": True}}
        call = self._calls.get(request.path)
        if call is None:
            return 404, {"error": {"code": 404, "message": "NOT_IN_THE_STAND_IN"}}
        try:
            return 200, call(request.form.to_dict() or json.loads(request.get_data() or "{}"))
        except RefusedError as refused:
            return 400, {"error": {"code": 400, "message": str(refused)}}
        except (KeyError, ValueError, jwt.InvalidTokenError):
            return 400, {"error": {"code": 400, "message": "INVALID_REQUEST"}}

    def _create(self, body: Json) -> Json:
        if body["localId"] in self._users:
            raise RefusedError("DUPLICATE_LOCAL_ID")
        now_ms = str(int(time.time() * 1000))
        # With `validSince` 0 no token is revoked, so a page stays signed in when the stack is restarted.
        times = {"validSince": "0", "createdAt": now_ms, "lastLoginAt": now_ms}
        self._users[body["localId"]] = body | times
        return {"localId": body["localId"], "email": body["email"]}

    def _look_up(self, body: Json) -> Json:
        """Look users up. A page sends its token, firebase-admin sends ids."""
        wanted = body.get("localId", [])
        if "idToken" in body:
            wanted = [jwt.decode(body["idToken"], options={"verify_signature": False})["sub"]]
        found = [self._users[uid] for uid in wanted if uid in self._users]
        return {"users": [{k: v for k, v in user.items() if k != "password"} for user in found]}

    def _sign_in(self, body: Json) -> Json:
        user = next((user for user in self._users.values() if user["email"] == body["email"]), None)
        if user is None or user["password"] != body["password"]:
            raise RefusedError("INVALID_LOGIN_CREDENTIALS")
        tokens = {"idToken": _unsigned_token(user), "refreshToken": f"{_REFRESH}{user['localId']}"}
        known = {"localId": user["localId"], "email": user["email"], "registered": True}
        return known | tokens | {"expiresIn": str(_LIFE_S)}

    def _refresh(self, body: Json) -> Json:
        user = self._users.get(str(body.get("refresh_token", "")).removeprefix(_REFRESH))
        if user is None:
            raise RefusedError("INVALID_REFRESH_TOKEN")
        token = _unsigned_token(user)
        tokens = {"id_token": token, "access_token": token, "refresh_token": body["refresh_token"]}
        known = {"user_id": user["localId"], "project_id": PROJECT}
        return known | tokens | {"expires_in": str(_LIFE_S), "token_type": "Bearer"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.auth.stand_in", description="Signs the demo's users in.")
    parser.add_argument("--port", type=int, required=True)
    application = Request.application(Accounts().respond)
    make_server("127.0.0.1", parser.parse_args().port, application, threaded=True).serve_forever()
