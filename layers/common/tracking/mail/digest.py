"""The words of a mail: its events as lines in sections, and its subject. English, for now.

Names and titles are written by strangers. They are cut, and lose what could change the text around them: line breaks,
control characters, marks that turn the direction of writing.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from tracking.document_limits import cut
from tracking.events import EventType
from tracking.jobs import PlatformName
from tracking.webhooks import OffReason

MAX_NAME = 80
MAX_SENTENCE = 300
MAX_SUBJECT = 120
MAX_VIDEOS = 3
"""Videos that a line names. The page has the others."""
_KEPT_FORMATS = {"\u200c", "\u200d"}  # they join and part letters: of Persian, of emoji
_ISOLATE, _END = "\u2068", "\u2069"


class Kind(StrEnum):
    """The sections of a mail, in their order. The value is the heading."""

    WEBHOOKS = "Webhooks"
    TROUBLE = "Failed"
    READY = "Ready"
    ACCOUNTS = "Your accounts"
    VIDEOS = "Videos"


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str  # "" if there is none that is safe


@dataclass(frozen=True, slots=True)
class Line:
    """An event in words. Its texts are plain: whoever shows them in HTML escapes them."""

    kind: Kind
    name: str  # of the account, or of the webhook
    place: str  # the platform; "" for none
    text: str  # a sentence that follows the name
    next_step: str = ""  # what the reader can do
    links: tuple[Link, ...] = ()
    others: int = 0  # further links, which are only counted


@dataclass(frozen=True, slots=True)
class Digest:
    lines: tuple[Line, ...]
    more: int = 0  # further events, which are only counted
    more_failed: int = 0  # of these, jobs that failed
    unreadable: tuple[str, ...] = field(default=())  # ids of events that could not be read

    def section(self, kind: Kind) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is kind)

    @property
    def sections(self) -> list[tuple[Kind, tuple[Line, ...]]]:
        return [(kind, lines) for kind in Kind if (lines := self.section(kind))]

    @property
    def headline(self) -> str:
        """Return the mail in a line: "3 accounts are ready, 1 failed"."""
        if len(self.lines) == 1 and not self.more:
            return _alone(self.lines[0])
        ready, failed = len(self.section(Kind.READY)), len(self.section(Kind.TROUBLE)) + self.more_failed
        news = len(self.section(Kind.ACCOUNTS)) + len(self.section(Kind.VIDEOS))
        parts: list[str] = []
        if webhooks := len(self.section(Kind.WEBHOOKS)):
            parts.append("a webhook needs you" if webhooks == 1 else f"{webhooks} webhooks need you")
        if ready:
            parts.append(f"{_number(ready, 'account is', 'accounts are')} ready")
        if failed:
            parts.append(f"{failed:,} failed" if ready else f"{_number(failed, 'account', 'accounts')} failed")
        if news:
            about = "" if parts else " about your accounts"
            parts.append(f"{_number(news, 'update', 'updates')}{about}")
        if others := self.more - self.more_failed:
            parts.append(f"{others:,} more")
        text = ", ".join(parts)
        return text[:1].upper() + text[1:]

    @property
    def subject(self) -> str:
        text = shortened(self.headline, MAX_SUBJECT - 1)
        return text + _END * (text.count(_ISOLATE) - text.count(_END))

    @property
    def preheader(self) -> str:
        """Return the text that a list of mails shows beside the subject."""
        in_order = [line for _, lines in self.sections for line in lines]
        named = [isolated(line.name) for line in in_order[:4] if line.name]
        others = len(self.lines) + self.more - len(named)
        return ", ".join(named) + (f" and {others:,} more" if others and named else "")


def of_events(events: Iterable[tuple[str, Any]], more: int = 0, more_failed: int = 0) -> Digest:
    """Return the lines of events, in their order. `events`: ids, and the documents' maps `event`.

    `more`: the number of further events; `more_failed`: how many of these are jobs that failed.
    """
    lines: list[Line] = []
    unreadable: list[str] = []
    for event_id, event in events:
        try:
            data = json.loads(event["payload"])["data"]
            line = _LINES[event["type"]](_Data(data))
        except Exception:  # noqa: BLE001 - an event of a later version, or one written by hand: the others are told
            unreadable.append(event_id)
            continue
        lines.append(line)
    return Digest(tuple(lines), more, more_failed, tuple(unreadable))


def cleaned(value: object, limit: int = MAX_NAME) -> str:
    """Return a stranger's text as one line without control characters; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    spaced = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in value[: limit * 8])
    plain = "".join(one for one in spaced if one in _KEPT_FORMATS or unicodedata.category(one) not in {"Cf", "Cs"})
    return shortened(" ".join(plain.split()), limit)


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{cut(text[: limit - 1], limit * 4).rstrip()}…"


def isolated(text: str) -> str:
    """Return the text so that its direction of writing changes nothing around it. Most texts stay as they are."""
    is_mixed = any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in text)
    return f"{_ISOLATE}{text}{_END}" if is_mixed else text


def _alone(line: Line) -> str:
    """Return the headline of a mail with one event."""
    name = isolated(line.name)
    match line.kind:
        case Kind.READY:
            return f"{name} is ready"
        case Kind.TROUBLE:
            return f"{name} could not be tracked"
        case Kind.WEBHOOKS:
            return f"A webhook needs you: {name}"
    return f"{name} {line.text}".rstrip(".")


Suffix = Callable[[Mapping[str, Any]], str]


class _Data:
    """An event's data, read with fallbacks."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        if not isinstance(data, dict):
            raise TypeError("no map")
        self._data = data

    def text(self, name: str, limit: int = MAX_NAME) -> str:
        return cleaned(self._data.get(name), limit)

    def raw(self, name: str) -> Any:
        return self._data.get(name)

    @property
    def name(self) -> str:
        return self.text("username") or "An account"

    @property
    def place(self) -> str:
        platform = self._data.get("platform")
        return PlatformName(platform).label if platform in set(PlatformName) else ""

    def links(self, suffix: Suffix = lambda _video: "") -> tuple[Link, ...]:
        videos = [one for one in self._data.get("videos") or [] if isinstance(one, dict)]
        return tuple(
            Link(f"{cleaned(one.get('title')) or 'Untitled'}{suffix(one)}", _safe(one.get("url")))
            for one in videos[:MAX_VIDEOS]
        )


def _ready(data: _Data) -> Line:
    return Line(Kind.READY, data.name, data.place, data.text("message", MAX_SENTENCE))


def _failed(data: _Data) -> Line:
    code = data.raw("errorCode")
    step = _NEXT_STEPS.get(code if isinstance(code, str) else "", _RETRY)
    return Line(Kind.TROUBLE, data.name, data.place, data.text("message", MAX_SENTENCE), step)


_RETRY = "You can start it again in the app."
_NEXT_STEPS = {
    "InvalidJobError": "Check what was typed, and track it again.",
    "AccountNotFoundError": "Check the spelling, and track it again.",
    "AccountPrivateError": "Only public accounts can be tracked.",
    "AccountSuspendedError": "There is nothing to track while it is suspended.",
    "IdentityChangedError": "Track the account under its present name.",
    "CredentialsError": "This is on our side, and we have been told. Start it again later.",
    "QuotaExceededError": "Start it again tomorrow.",
}
"""The next step of a user, by the error's code. All others: try again."""


def _of_account(text: Callable[[_Data], str], step: str = "") -> Callable[[_Data], Line]:
    return lambda data: Line(Kind.ACCOUNTS, data.name, data.place, text(data), step)


_UNAVAILABLE = {
    "not_found": "is not on the platform any more.",
    "private": "is private now.",
    "suspended": "was suspended by the platform.",
    "name_taken": "has another owner now.",
}


def _unavailable(data: _Data) -> Line:
    text = _UNAVAILABLE.get(data.text("reason"), "cannot be refreshed any more.")
    return Line(Kind.ACCOUNTS, data.name, data.place, text, "What we have saved stays.")


def _spike(data: _Data) -> str:
    spikes = data.raw("spikes")
    told = [_of_spike(count, spikes[count]) for count in ("followers", "views") if count in spikes]
    return " and ".join(told) + "."


def _of_spike(count: str, spike: Mapping[str, Any]) -> str:
    change, usual = spike["change"], spike["usual"]
    verb = "gained" if change >= 0 else "lost"
    return f"{verb} {abs(change):,} {count} in a day (usual: {usual:,.0f})"


def _videos(
    text: Callable[[int], str], suffix: Callable[[Mapping[str, Any]], str] | None = None
) -> Callable[[_Data], Line]:
    def line(data: _Data) -> Line:
        total = int(data.raw("total"))
        links = data.links(suffix) if suffix else ()
        return Line(
            Kind.VIDEOS, data.name, data.place, text(total), "", links, max(total - len(links), 0) if links else 0
        )

    return line


def _times(video: Mapping[str, Any]) -> str:
    multiplier = video.get("multiplier")
    is_number = isinstance(multiplier, int | float) and math.isfinite(multiplier)
    return f" ({multiplier:g} times the usual views)" if is_number else ""


def _failing(data: _Data) -> Line:
    step = "Check the receiver, and replay what it missed in the app."
    return Line(Kind.WEBHOOKS, _endpoint(data), "", "does not accept our events. We go on trying.", step)


def _disabled(data: _Data) -> Line:
    step = "Mend the receiver, switch the endpoint on in the app, and replay what it missed."
    text = f"was switched off{_OFF.get(data.text('reason'), '')}."
    return Line(Kind.WEBHOOKS, _endpoint(data), "", text, step)


_OFF: dict[str, str] = {
    OffReason.FAILING: ", because it did not accept our events for days",
    OffReason.GONE: ", because it answered 410 Gone",
    OffReason.RECEIVER: ", because it asked for that",
}


def _endpoint(data: _Data) -> str:
    return _host(data.raw("url")) or "An endpoint"


def _host(url: object) -> str:
    """Return the host of an endpoint's address: the rest of it may be a secret, as Slack's are."""
    return cleaned(urlsplit(url).hostname or url) if isinstance(url, str) else ""


_LINES: dict[str, Callable[[_Data], Line]] = {
    EventType.JOB_COMPLETED: _ready,
    EventType.JOB_FAILED: _failed,
    EventType.ACCOUNT_REFRESHED: _of_account(lambda _data: "was refreshed."),
    EventType.ACCOUNT_RENAMED: _of_account(
        lambda data: f"was named {isolated(data.text('before') or 'otherwise')} before."
    ),
    EventType.ACCOUNT_UNAVAILABLE: _unavailable,
    EventType.ACCOUNT_RECOVERED: _of_account(lambda _data: "is available again."),
    EventType.ACCOUNT_SPIKE: _of_account(_spike),
    EventType.ACCOUNT_MILESTONE: _of_account(lambda data: f"reached {data.raw('followers'):,} followers."),
    EventType.VIDEO_PUBLISHED: _videos(lambda n: f"has {_number(n, 'new video', 'new videos')}.", lambda _video: ""),
    EventType.VIDEO_OUTLIER: _videos(
        lambda n: f"has {_number(n, 'video', 'videos')} far above the usual views.", _times
    ),
    EventType.VIDEO_VANISHED: _videos(lambda n: f"has {_number(n, 'video', 'videos')} fewer on the platform."),
    EventType.WEBHOOK_FAILING: _failing,
    EventType.WEBHOOK_DISABLED: _disabled,
}
"""A line for each type. Types that are missing are not told by mail."""


def is_told(event_type: str) -> bool:
    """Return whether a mail tells of events of this type."""
    return event_type in _LINES


def _number(count: int, one: str, other: str) -> str:
    return f"{count:,} {one if count == 1 else other}"


def _safe(url: object) -> str:
    """Return an address that a link may lead to; "" for any other. The platform's answer has it."""
    is_safe = isinstance(url, str) and url.startswith("https://") and len(url) <= 500 and not any(map(_is_odd, url))
    return str(url) if is_safe else ""


def _is_odd(character: str) -> bool:
    """Return whether an address must not have the character: white space, or half of a surrogate pair."""
    return character.isspace() or unicodedata.category(character) == "Cs"
