"""Settings from the environment: one frozen dataclass per function, one field per variable.

A field `max_answer_mb` is the environment variable `MAX_ANSWER_MB`, as in template.yaml. A bad value raises
an error that names the variable, before any work is done. The settings hold only the names of secrets;
`tracking.secrets_manager` reads the secrets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import timedelta
from typing import Any, Protocol, Self

from tracking.budgets import BudgetLimits
from tracking.jobs import LEASE, PlatformName
from tracking.platform_contract import CREDENTIALS
from tracking.platforms import CHUNK
from tracking.refreshes import Cadence
from tracking.store import MAX_WRITES_PER_COMMIT

DEFAULT_DATABASE = "(default)"
"""The id of the Firestore database that a project has if it names none."""


class SettingsError(Exception):
    """A variable is missing or has an invalid value. The message names the variable, never its value."""


class StoreSettings(Protocol):
    """The settings that lead to the database."""

    @property
    def google_cloud_project(self) -> str: ...
    @property
    def firestore_database(self) -> str: ...
    @property
    def firebase_credentials_secret(self) -> str: ...


class FromEnvironment:
    __slots__ = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. SettingsError names the first wrong variable."""
        return cls(**{f.name: _read(f, environ) for f in fields(cls)})  # type: ignore[arg-type]


def variables(settings: type[FromEnvironment]) -> dict[str, bool]:
    """Return the names of the variables that `settings` reads, and whether each is required."""
    return {f.name.upper(): f.default is MISSING for f in fields(settings)}  # type: ignore[arg-type]


def _read(setting: Field[Any], environ: Mapping[str, str]) -> str | int | float:
    name = setting.name.upper()
    text = (environ.get(name) or environ.get(setting.metadata.get("older_name", ""), "")).strip()
    if not text:
        if setting.default is MISSING:
            raise SettingsError(f"{name} is not set.")
        return setting.default  # type: ignore[no-any-return]
    if setting.type == "str":
        return text
    if setting.type == "float":
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            raise SettingsError(f"{name} must be a number of at least 0.")
        return float(text)
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise SettingsError(f"{name} must be a whole number of at least 1.")
    return int(text)


def _cadence(text: str) -> Cadence:
    """Read the cadence. `none` is the template's word for a stack without refreshes."""
    try:
        return Cadence.OFF if text == "none" else Cadence(text)
    except ValueError:
        raise SettingsError(f"REFRESH_BY_DEFAULT must be one of: {', '.join(Cadence)}.") from None


def is_on(name: str, text: str) -> bool:
    """Read a switch, whose words are the template's."""
    if text not in {"on", "off"}:
        raise SettingsError(f"{name} must be on or off.")
    return text == "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The sizes that the functions work within. The environment sets the first two; tests set any of them."""

    running: int = 50
    """Jobs that may run at the same time. A job counts while it is in the book (`trigger.control`)."""
    per_credential: int = 10
    """Jobs that may run at the same time with one credential. Instagram and TikTok share Apify's."""
    lease: timedelta = LEASE
    """Length of a claim's lease."""
    longest_tick: timedelta = timedelta(minutes=1)
    """A little more than the trigger's time-out. A slot that a tick took and did not use is free after this time."""
    max_open_jobs: int = 101
    """Open jobs that one query reads while few jobs wait. When more wait, the tick queries each organisation."""
    scan_page_size: int = 10
    """Waiting jobs of a busy system that one tick scans for malformed ones."""
    max_remembered: int = 1_000
    """Unwritable jobs that a warm trigger remembers."""
    documents_per_commit: int = MAX_WRITES_PER_COMMIT - 3
    """Videos and points in one commit, which also holds the job's document, the account's, and the account's point."""
    videos_per_chunk: int = CHUNK
    """Videos that are fetched, staged and saved together."""
    finished_page_size: int = MAX_WRITES_PER_COMMIT
    """Finished jobs in a page: as many as one `delete_jobs` takes."""
    due_page_size: int = 10
    """Documents of the history in a page. One may hold half a megabyte, which is several megabytes in memory."""


_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApifySettings(FromEnvironment):
    """Apify's address, with the version part, and the names of its actors."""

    apify_api_url: str = field(default="https://api.apify.com/v2", metadata={"older_name": "APIFY_PROXY_URL"})
    apify_instagram_actor: str = "apify~instagram-scraper"
    apify_tiktok_actor: str = "clockworks~tiktok-profile-scraper"


@dataclass(frozen=True, kw_only=True)  # no slots: a class has only one base with slots
class PostLimits(FromEnvironment):
    # The most posts of one job, of any media type: one setting for each platform of contracts/platforms.json.
    max_videos_instagram: int = 5000
    max_videos_tiktok: int = 5000
    max_videos_youtube: int = 5000
    max_videos_twitter: int = 200  # X charges up to $0.025 for a post with its four media: see decision 34

    def max_videos(self, platform: str) -> int:
        """Return the most posts that one job of this platform fetches."""
        return int(getattr(self, f"max_videos_{platform}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings(PostLimits, ApifySettings):
    """Base addresses (with the version part), the names of Apify's actors, and the sizes that are accepted."""

    youtube_api_url: str = "https://www.googleapis.com/youtube/v3"
    x_api_url: str = "https://api.x.com/2"
    # The most MB of one answer, unpacked. 200 items of TikTok can have 14 MB. Parsed, 32 MB can take 700 MB, and the
    # process function has 1,024 MB: see decision 28.
    max_answer_mb: int = 32
    apify_max_charge_usd: float = 0.0  # the most that one run may cost; 0: no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingSettings(ApifySettings):
    """Access to Apify, for a function that stops the paid runs of jobs."""

    apify_token_secret: str = ""

    @property
    def platforms(self) -> PlatformSettings:
        return PlatformSettings(**{f.name: getattr(self, f.name) for f in fields(ApifySettings)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSettings(StoppingSettings):
    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""  # empty: the emulator, or the machine's own Google credentials
    state_machine_arn: str
    max_running_jobs: int = _LIMITS.running
    max_running_per_credential: int = _LIMITS.per_credential


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerSettings(TickSettings):
    news: str = "off"  # whether events are written

    @property
    def has_news(self) -> bool:
        return is_on("NEWS", self.news)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSettings(PostLimits, TickSettings):
    refresh_by_default: str = Cadence.OFF
    # What refreshes may spend in a UTC day, in the unit that contracts/platforms.json names; 0: nothing. There is one
    # setting for each platform. Google gives 10,000 units a day, and users' jobs need some of them.
    refresh_budget_instagram: float = 2.0
    refresh_budget_tiktok: float = 2.0
    refresh_budget_youtube: float = 4_000
    refresh_budget_twitter: float = 2.0
    refreshes_per_org: float = 500  # in a UTC day; 0: no limit

    @property
    def budgets(self) -> BudgetLimits:
        return BudgetLimits(
            platforms={name: float(getattr(self, f"refresh_budget_{name}")) for name in PlatformName},
            org_refreshes=self.refreshes_per_org or math.inf,
        )

    @property
    def default_cadence(self) -> Cadence:
        """The cadence of accounts for which nobody has chosen one."""
        return _cadence(self.refresh_by_default)


@dataclass(frozen=True, slots=True, kw_only=True)
class KickSettings(FromEnvironment):
    google_cloud_project: str
    firebase_credentials_secret: str = ""
    kick_secret: str = ""  # empty: only users may kick
    wake_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSettings(StoppingSettings):
    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""
    news: str = "off"  # whether events are written

    @property
    def has_news(self) -> bool:
        return is_on("NEWS", self.news)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupSettings(FromEnvironment):
    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""
    keep_finished_days: int = 7
    state_machine_arn: str = ""  # of our stack; empty: whoever works on the jobs, we clean up


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesSettings(FromEnvironment):
    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""
    pictures_bucket: str
    pictures_url: str  # where pages find the bucket's objects; without a slash at its end
    keep_picture_days: int = 365  # the bucket deletes older copies
    max_thumbnails: int = 12  # of an account's newest videos


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings(PlatformSettings):
    google_cloud_project: str
    firestore_database: str = DEFAULT_DATABASE
    firebase_credentials_secret: str = ""
    staging_bucket: str
    youtube_api_key_secret: str = ""
    x_bearer_token_secret: str = ""
    apify_token_secret: str = ""
    max_job_minutes: int = 60  # of one attempt; then the job is completed with what is saved
    refresh_by_default: str = Cadence.OFF  # the cadence of accounts for which nobody has chosen one
    news: str = "off"  # whether events are written

    @property
    def default_cadence(self) -> Cadence:
        return _cadence(self.refresh_by_default)

    @property
    def has_news(self) -> bool:
        return is_on("NEWS", self.news)

    def key_secret(self, credential: str) -> str:
        """Return the name of the secret that holds a credential's key, or "" if none is set.

        `credential`: a name from contracts/platforms.json.
        """
        return str(getattr(self, f"{CREDENTIALS[credential].lower()}_secret"))
