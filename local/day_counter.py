"""The number of days that have passed on the local stack. Firestore keeps it, and the simulator is told.

So the days are as old as the data: `make down` forgets them with the accounts. `make up` tells the simulator the day,
because one of the two may have been started again, and an emulator that is the user's own keeps its data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx

from local import LocalError
from local.firestore import PROJECT
from local.simulator.today import RECORDED, Today
from tracking.clock import to_rfc3339

DOCUMENT = "localStack/day"
_OWNER = {"Authorization": "Bearer owner"}  # emulators accept this token as an administrator's
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class DayCounter:
    firestore: str
    """Host and port of the emulator."""
    simulator: str
    """Address of the simulator."""

    def today(self) -> Today:
        """Return the day that Firestore keeps, or day 0."""
        answer = self._call("GET", self._document)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return RECORDED
        fields = answer.raise_for_status().json()["fields"]
        return Today(int(fields["day"]["integerValue"]), datetime.fromisoformat(fields["since"]["timestampValue"]))

    def restore(self) -> None:
        """Tell the simulator the day that Firestore keeps: one of the two may have been started again."""
        self.tell(self.today())

    def set(self, today: Today) -> None:
        fields = {"day": {"integerValue": str(today.day)}, "since": {"timestampValue": to_rfc3339(today.since)}}
        self._call("PATCH", self._document, {"fields": fields}).raise_for_status()
        self.tell(today)

    def tell(self, today: Today) -> None:
        self._call("POST", f"{self.simulator}/control/day", today.to_json()).raise_for_status()

    @property
    def _document(self) -> str:
        return f"http://{self.firestore}/v1/projects/{PROJECT}/databases/(default)/documents/{DOCUMENT}"

    def _call(self, method: str, url: str, body: object = None) -> httpx.Response:
        try:
            return httpx.request(method, url, json=body, headers=_OWNER, trust_env=False, timeout=_PATIENCE_S)
        except httpx.HTTPError as error:
            raise LocalError(f"The day could not be kept: {url} does not answer ({error}).") from error
