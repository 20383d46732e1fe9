"""Checks of the platforms' keys, by one call each that costs nothing, or next to nothing.

YouTube   channels.list: 1 of the 10,000 units of a day
X         /usage/tweets: X charges for resources that it returns, and usage is none
Apify     /users/me, its limits, and the actors: no run is started
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Any

from cli.doctor.aws import needed_secret
from cli.doctor.checks import Check, note, wrong
from cli.doctor.stage import Stage
from tracking.clients import http_client
from tracking.clock import SystemClock
from tracking.errors import ContractError, CredentialsError, QuotaExceededError, RateLimitedError
from tracking.platform_contract import CREDENTIALS, PLATFORMS
from tracking.platforms import Bounds, Setup, apify, x_api
from tracking.platforms.fields import amount, count, obj, text
from tracking.platforms.http import Credential, JsonApi
from tracking.platforms.youtube_data_api import YouTubeDataApi

CALL_LIMIT_S = 15.0
NOT_FOUND = 404
YOUTUBE_CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"  # Google for Developers; any id does
DEFAULT_MEMORY_MB = 1_024
"""Memory of a run of an actor that names none: https://docs.apify.com/platform/actors/running/usage-and-resources"""

RUNS_OF_A_JOB = {"instagram": 2}
"""Apify runs that one job has at the same time, if more than one: Instagram's profile and posts begin together."""


def youtube_key(setup: Setup) -> str:
    """Ask for a channel: https://developers.google.com/youtube/v3/determine_quota_cost"""
    try:
        YouTubeDataApi(setup, setup.settings.youtube_api_url).channels("id", YOUTUBE_CHANNEL, _bounds())
    except (CredentialsError, ContractError) as error:
        mend = "see its restrictions, and enable the API YouTube Data v3"
        raise wrong(f"YouTube does not accept the key: {_note(error)}", mend) from error
    except QuotaExceededError as error:
        raise note("YouTube accepts it; today's quota is used up", "wait, or ask Google for a larger quota") from error
    except RateLimitedError:
        return "YouTube accepts it, and asks to slow down"
    return "YouTube accepts it (this cost 1 unit of the day's 10,000)"


def x_key(setup: Setup) -> str:
    """Ask what was used: https://docs.x.com/x-api/x-api-v2/usage/tweets.

    X charges for resources, and usage is none: https://docs.x.com/x-api/getting-started/pricing
    """
    api = JsonApi("X", setup.settings.x_api_url, setup, credential=_bearer, errors=x_api.kind_of_refusal)
    try:
        data = obj(api.call("GET", "/usage/tweets", _bounds().deadline).body.get("data"))
    except CredentialsError as error:
        mend = "make a new bearer token, of an app that belongs to a project"
        raise wrong(f"X does not accept the token: {_note(error)}", mend) from error
    except QuotaExceededError as error:
        raise note("X accepts it; its credits or its month's cap are used up", "https://console.x.com") from error
    except RateLimitedError:
        return "X accepts it, and asks to slow down"
    used, cap = count(data.get("project_usage")), count(data.get("project_cap"))
    if used is None or not cap:
        return "X accepts it"
    if used >= cap:
        raise note(f"X accepts it; {used:,} of {cap:,} posts of the month are used up", "wait, or buy more")
    return f"X accepts it: {used:,} of {cap:,} posts of the month used"


def apify_token(setup: Setup) -> str:
    """Ask whose token it is: https://docs.apify.com/api/v2/users-me-get, .../users-me-limits-get"""
    user, limits, current = _apify_account(setup)
    spent, most = amount(current.get("monthlyUsageUsd")), amount(limits.get("maxMonthlyUsageUsd"))
    plan = text(obj(user.get("plan")).get("id")) or "not known"
    name = f"Apify accepts it: {text(user.get('username'))}, plan {plan}"
    if spent is not None and most and spent >= most:
        raise note(
            f"{name}; ${spent:,.2f} of ${most:,.2f} of the month are used up", "https://console.apify.com/billing"
        )
    return name if spent is None or not most else f"{name}, ${spent:,.2f} of ${most:,.2f} of the month used"


def apify_plan(setup: Setup, platforms: Collection[str], at_once: int) -> str:
    """Compare what the plan allows with the runs of `at_once` jobs, of the platform whose jobs need most memory.

    A job without room waits for a minute and tries again, so too small a plan costs time, and fails nothing.
    """
    _, limits, _ = _apify_account(setup)
    memory_gb, most_runs = amount(limits.get("maxActorMemoryGbytes")), count(limits.get("maxConcurrentActorJobs"))
    if not memory_gb or not most_runs:
        raise note("Apify does not say what the plan allows", "see https://console.apify.com/billing#/limits")
    api = _apify(setup)
    fits = at_once
    for platform in platforms:
        actor, runs = getattr(setup.settings, f"apify_{platform}_actor"), RUNS_OF_A_JOB.get(platform, 1)
        answer = api.call("GET", f"/acts/{actor}", _bounds().deadline, allow=NOT_FOUND)
        if answer.status == NOT_FOUND:
            raise wrong(
                f"Apify has no actor {actor}",
                f"correct the parameter that names the actor of {PLATFORMS[platform].label}",
            )
        options = obj(obj(answer.body.get("data")).get("defaultRunOptions"))
        memory_mb = count(options.get("memoryMbytes")) or DEFAULT_MEMORY_MB
        fits = min(fits, int(memory_gb * 1024 // (runs * memory_mb)), most_runs // runs)
    found = f"{memory_gb:g} GB and {most_runs} runs at a time; room for {fits} jobs of {at_once}"
    if fits < 1:
        raise wrong(found, "choose a larger plan: https://apify.com/pricing")
    if fits < at_once:
        raise note(found, f"set MaxRunningPerCredential={fits}, or choose a larger plan; until then jobs wait for room")
    return found


def _apify_account(setup: Setup) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the user, its limits, and what it uses now."""
    api = _apify(setup)
    try:
        user = obj(api.call("GET", "/users/me", _bounds().deadline).body.get("data"))
        limits = obj(api.call("GET", "/users/me/limits", _bounds().deadline).body.get("data"))
    except CredentialsError as error:
        mend = "make one: https://console.apify.com/settings/integrations"
        raise wrong(f"Apify does not accept the token: {_note(error)}", mend) from error
    except QuotaExceededError as error:
        raise note("Apify accepts it; the month's limit is used up", "https://console.apify.com/billing") from error
    return user, obj(limits.get("limits")), obj(limits.get("current"))


def _apify(setup: Setup) -> JsonApi:
    return JsonApi("Apify", setup.settings.apify_api_url, setup, credential=_bearer, errors=apify.kind_of_refusal)


def _bearer(key: str) -> Credential:
    return Credential(headers={"Authorization": f"Bearer {key}"})


def _bounds() -> Bounds:
    return Bounds(deadline=SystemClock().now() + timedelta(seconds=CALL_LIMIT_S), max_videos=1)


def _note(error: Exception) -> str:
    """Return the platform's own words. `tracking.platforms.http` has replaced the key in them."""
    return " ".join(getattr(error, "__notes__", [str(error)]))[:200]


def checks(stage: Stage, platforms: Collection[str]) -> list[Check]:
    """Return the checks of the keys of these platforms."""
    settings = stage.process
    credentials = {PLATFORMS[platform].credential for platform in platforms}

    def setup(credential: str) -> Setup:
        secret = settings.key_secret(credential)
        return Setup(http=http_client(), settings=settings, key=lambda: needed_secret(secret), clock=SystemClock())

    of_keys: dict[str, Callable[[Setup], str]] = {"youtube": youtube_key, "x": x_key, "apify": apify_token}
    found = [
        Check(f"key of {credential}", partial(of_keys[credential], setup(credential)))
        for credential in CREDENTIALS
        if credential in credentials
    ]
    if "apify" in credentials:
        at_once = stage.trigger.max_running_per_credential
        users = [platform for platform in platforms if PLATFORMS[platform].credential == "apify"]
        found.append(Check("plan of apify", partial(apify_plan, setup("apify"), users, at_once)))
    return found
