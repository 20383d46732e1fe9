"""The sentences that users read in a job's `message` and `error`: English here, in other languages on a page.

    say("accountNotFound", service="YouTube", account="nasaa")
      ├─ text    "YouTube has no account named nasaa."       ──> message, error
      └─ code, params                                        ──> messageCode, messageParams: a page translates them

`contracts/sentences.json` holds the templates and describes their grammar. The file lies beside this module and is read
once, on import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Param = str | int

CONTRACT = Path(__file__).with_name("sentences.json")
TEMPLATES: Mapping[str, str] = json.loads(CONTRACT.read_text(encoding="utf-8"))["sentences"]

_PLACE = re.compile(r"\{(?P<name>\w+)(?::(?P<format>[^{}|]+)|\|(?P<one>[^{}|]*)\|(?P<other>[^{}|]*))?\}")
_OPTION = re.compile(r"\[([^\[\]]*)\]")
_FORMATS = {"HH:MM UTC": "%H:%M UTC", "HH:MM:SS UTC": "%H:%M:%S UTC"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence for a user. Make it with `say`, so that it has a code.

    `code` is "" if none is known: an execution of an earlier version wrote the sentence, or no user will read it.
    `params` are texts, whole numbers, and times as RFC 3339 in UTC.
    """

    text: str  # English
    code: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def to_cause(self) -> str:
        """Return the text for an error's message, from which `from_cause` gets the sentence back.

        Of an error, Step Functions passes only its class name and its message from state to state.
        """
        return f"{self.text}\n{json.dumps({'code': self.code, 'params': self.params})}" if self.code else self.text


def say(code: str, **params: Param | datetime | None) -> Sentence:
    """Return the contract's sentence. A parameter of None is missing.

    Raises KeyError for an unknown code, and ValueError for a missing or unknown parameter.
    """
    template = TEMPLATES[code]
    given = {name: _plain(value) for name, value in params.items() if value is not None}
    needed, known = names_in(without_options(template)), names_in(template)
    if not needed <= given.keys() <= known:
        raise ValueError(f"the sentence {code} has the parameters {sorted(known)}, not {sorted(given)}")
    return Sentence(_rendered(template, given), code, given)


def from_cause(message: str) -> Sentence:
    """Return the sentence of an error's message. It has no code if `to_cause` did not make the message."""
    text, _, tail = message.rpartition("\n")
    try:
        found = json.loads(tail)
        code, params = found["code"], found["params"]
    except (ValueError, TypeError, KeyError):
        return Sentence(message)
    try:
        sentence = say(code, **params)
    except (ValueError, TypeError, KeyError):  # of another version of this system
        return Sentence(text)
    return sentence if sentence.text == text else Sentence(text)


def names_in(template: str) -> set[str]:
    """Return the names of a template's parameters."""
    return {place["name"] for place in _PLACE.finditer(template)}


def without_options(template: str) -> str:
    """Return a template without the parts that may be left out."""
    return _OPTION.sub("", template)


def _plain(value: Param | datetime) -> Param:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, str) else int(value)  # an enum is no value for a database


def _rendered(template: str, params: Mapping[str, Param]) -> str:
    def option(found: re.Match[str]) -> str:
        return found[1] if names_in(found[1]) <= params.keys() else ""

    def place(found: re.Match[str]) -> str:
        value = params[found["name"]]
        if found["format"]:
            return datetime.fromisoformat(str(value)).strftime(_FORMATS[found["format"]])
        if found["one"] is not None:
            return found["one"] if value == 1 else found["other"]
        return f"{value:,}" if isinstance(value, int) else value

    return _PLACE.sub(place, _OPTION.sub(option, template))
