"""Secrets Manager as `tracking.secrets_manager` uses it, with values that a test changes, and a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from tracking import secrets_manager


@dataclass
class Secrets:
    """`is_away`: no answer comes, and each attempt to read fails.

    `refusal`: AWS's code with which each attempt to read is refused.
    """

    values: dict[str, str] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    is_away: bool = False
    refusal: str = ""
    now_s: float = 1_000_000.0

    @classmethod
    def installed(cls, monkeypatch: pytest.MonkeyPatch, **values: str) -> Secrets:
        secrets = cls(values)
        monkeypatch.setattr(secrets_manager, "_last", {})
        monkeypatch.setattr(secrets_manager, "time", secrets)
        monkeypatch.setattr(secrets_manager, "secrets_provider", lambda: secrets)
        return secrets

    def time(self) -> float:
        return self.now_s

    def get(self, name: str, **_options: object) -> str:
        self.reads.append(name)
        if self.is_away:
            raise GetParameterError("no answer")
        if self.refusal:
            answer = {"Error": {"Code": self.refusal}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            error = GetParameterError(self.refusal)
            error.__context__ = ClientError(answer, "GetSecretValue")  # type: ignore[arg-type]  # more than we read
            raise error
        return self.values[name]
