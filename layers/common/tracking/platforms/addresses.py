"""Usernames and links as users type them, cut into parts for a platform's module.

A link may lack its scheme, belong to the mobile site, or have a query. A bare name is read as the path on the
platform's own site. So `@nasa`, `nasa/` and `/channel/UC...` need no rules of their own.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tracking.errors import InvalidJobError
from tracking.platform_contract import PLATFORMS
from tracking.platforms.messages import PROPER_NAMES
from tracking.sentences import say

_LONGEST = 500  # a profile link with tracking parameters has some 200 characters


@dataclass(frozen=True, slots=True)
class Address:
    host: str  # lower case; "" if no link was typed
    segments: tuple[str, ...]  # of the path, percent-decoded; at least one, the first not empty

    @property
    def is_path(self) -> bool:
        """Return whether a reserved word means a page of the site. A bare `explore` may be an account's name."""
        return bool(self.host) or len(self.segments) > 1


def read_username(typed: object, platform: str) -> str:
    """Return the account's name without '@'; upper and lower case stay. Raises InvalidJobError if there is no name.

    Only for platforms whose contract has no account paths: there the name is always the first part.
    """
    name = read_address(typed, platform).segments[0].removeprefix("@")
    return checked_username(name, str(typed).strip(), platform)


def checked_username(name: str, typed: str, platform: str) -> str:
    """Return `name` if the platform's pattern accepts it. Otherwise raise InvalidJobError, which quotes `typed`."""
    contract = PLATFORMS[platform]
    plain = name
    if contract.any_script:
        name = unicodedata.normalize("NFC", name)
        plain = "".join("a" if unicodedata.category(char)[0] in "LMN" else char for char in name)
    if not contract.username_pattern.fullmatch(plain):
        raise not_a_username(typed, platform)
    return name


def read_address(typed: object, platform: str) -> Address:
    """Cut `typed` into an address.

    Raises InvalidJobError if it cannot name an account of the platform: it is empty, has control characters, or is a
    link to another site, to no page, or to a page that is not a profile.
    """
    name = PROPER_NAMES[platform]
    if not isinstance(typed, str) or not typed.strip().strip("@/"):
        raise InvalidJobError(say("noUsername"))
    stripped = typed.strip()
    if len(stripped) > _LONGEST or not stripped.isprintable():
        raise InvalidJobError(say("usernameNotPlain", typed=_shown(stripped), platform=name))
    address = _cut(stripped)
    if address.host:
        _check_site(address.host, platform)
    elif "." in address.segments[0] and len(address.segments) > 1 and not stripped.startswith(("@", "/")):
        raise _not_supported(address.segments[0])
    if not address.segments[0].strip("@") or _is_other_page(address, platform):
        raise not_a_profile(platform)
    return address


def _is_other_page(address: Address, platform: str) -> bool:
    """Return whether the link leads to a post, a search or a settings page, by the platform's contract."""
    contract = PLATFORMS[platform]
    first, *rest = address.segments
    is_post = len(address.segments) >= contract.post_parts and bool(rest) and rest[0].casefold() in contract.posts
    is_page = address.is_path and contract.pages_pattern.fullmatch(first) is not None
    return is_post or is_page or contract.is_short_link(address.host)


def not_a_profile(platform: str) -> InvalidJobError:
    """Build the error for a link to a post, a search or a settings page."""
    return InvalidJobError(say("notAProfile", platform=PROPER_NAMES[platform], example=PLATFORMS[platform].example))


def not_a_username(typed: str, platform: str) -> InvalidJobError:
    rule = PLATFORMS[platform].username_rule
    return InvalidJobError(say("usernameInvalid", typed=_shown(typed), platform=PROPER_NAMES[platform], rule=rule))


def _cut(stripped: str) -> Address:
    scheme, separator, rest = stripped.partition("://")
    if not separator:
        scheme, rest = "https", stripped.removeprefix("//")
        host = rest.partition("/")[0].partition("?")[0].partition("#")[0].lower()
        if not stripped.startswith("//") and _platform_of(host) is None:
            return Address("", _segments(stripped))
    try:
        parts = urlsplit(f"{scheme}://{rest}")
    except ValueError:
        raise InvalidJobError(say("notALink", typed=_shown(stripped))) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidJobError(say("notALink", typed=_shown(stripped)))
    return Address(parts.hostname, _segments(unquote(parts.path)))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part) or ("",)


def _platform_of(host: str) -> str | None:
    return next((name for name, contract in PLATFORMS.items() if contract.is_site(host)), None)


def _check_site(host: str, platform: str) -> None:
    found = _platform_of(host)
    if found is None:
        raise _not_supported(host)
    if found != platform:
        raise InvalidJobError(say("otherPlatform", found=PROPER_NAMES[found], platform=PROPER_NAMES[platform]))


def _not_supported(site: str) -> InvalidJobError:
    *names, last = (contract.label for contract in PLATFORMS.values())
    return InvalidJobError(say("otherSite", site=_shown(site), others=", ".join(names), last=last))


def _shown(typed: str) -> str:
    clean = "".join(char if char.isprintable() else "?" for char in typed[:40])
    return f"{clean}{'…' if len(typed) > 40 else ''}"
