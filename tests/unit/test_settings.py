"""Settings from the environment, and the sentences that refuse bad values."""

from __future__ import annotations

from typing import Any

import pytest

from tracking.jobs import PlatformName
from tracking.settings import (
    CleanupSettings,
    KickSettings,
    PlatformSettings,
    ProcessSettings,
    ReconcileSettings,
    SettingsError,
    TriggerSettings,
    variables,
)

TRIGGER = {"GOOGLE_CLOUD_PROJECT": "demo", "STATE_MACHINE_ARN": "arn:machine"}


def test_unset_variables_take_their_defaults() -> None:
    assert TriggerSettings.from_environment(TRIGGER) == TriggerSettings(
        google_cloud_project="demo",
        state_machine_arn="arn:machine",
        max_running_jobs=50,
        max_running_per_credential=10,
    )
    assert CleanupSettings.from_environment({"GOOGLE_CLOUD_PROJECT": "demo"}).keep_finished_days == 7
    platform = PlatformSettings.from_environment({})
    assert platform.youtube_api_url == "https://www.googleapis.com/youtube/v3"
    assert platform.x_api_url == "https://api.x.com/2"
    assert platform.apify_api_url == "https://api.apify.com/v2"
    limits = {name: platform.max_videos(name) for name in PlatformName}
    assert limits == {"instagram": 5000, "tiktok": 5000, "youtube": 5000, "twitter": 200}
    assert platform.max_answer_mb == 32


def test_set_variables_win_over_defaults() -> None:
    set_ = TRIGGER | {"MAX_RUNNING_JOBS": " 7 ", "FIREBASE_CREDENTIALS_SECRET": "name\n"}
    settings = TriggerSettings.from_environment(set_)
    assert settings.max_running_jobs == 7
    assert settings.firebase_credentials_secret == "name"


@pytest.mark.parametrize("missing", TRIGGER)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(missing: str, value: str | None) -> None:
    environ = {name: text for name, text in (TRIGGER | {missing: value}).items() if text is not None}
    with pytest.raises(SettingsError, match=f"^{missing} is not set"):
        TriggerSettings.from_environment(environ)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1e3", "0x10", "²"])
def test_a_bad_number_is_refused_by_name_and_not_quoted(value: str) -> None:
    for name in ("MAX_RUNNING_JOBS", "MAX_RUNNING_PER_CREDENTIAL"):
        with pytest.raises(SettingsError) as refused:
            TriggerSettings.from_environment(TRIGGER | {name: value})
        assert str(refused.value) == f"{name} must be a whole number of at least 1."


def test_apify_api_url_wins_over_its_older_name() -> None:
    assert PlatformSettings.from_environment({"APIFY_PROXY_URL": "http://old"}).apify_api_url == "http://old"
    both = {"APIFY_PROXY_URL": "http://old", "APIFY_API_URL": "http://new"}
    assert PlatformSettings.from_environment(both).apify_api_url == "http://new"


def test_variables_says_what_is_read_and_what_is_required() -> None:
    assert variables(TriggerSettings) == {
        "GOOGLE_CLOUD_PROJECT": True,
        "FIRESTORE_DATABASE": False,
        "FIREBASE_CREDENTIALS_SECRET": False,
        "STATE_MACHINE_ARN": True,
        "MAX_RUNNING_JOBS": False,
        "MAX_RUNNING_PER_CREDENTIAL": False,
        "APIFY_API_URL": False,
        "APIFY_INSTAGRAM_ACTOR": False,
        "APIFY_TIKTOK_ACTOR": False,
        "APIFY_TOKEN_SECRET": False,
        "NEWS": False,
    }
    assert variables(KickSettings) == {
        "GOOGLE_CLOUD_PROJECT": True,
        "FIREBASE_CREDENTIALS_SECRET": False,
        "KICK_SECRET": False,
        "WAKE_QUEUE_URL": True,
    }
    required = {name for name, is_required in variables(ProcessSettings).items() if is_required}
    assert required == {"GOOGLE_CLOUD_PROJECT", "STAGING_BUCKET"}


@pytest.mark.parametrize(("text", "usd"), [("", 0.0), ("0", 0.0), ("2.5", 2.5), ("10", 10.0)])
def test_the_price_limit_of_a_run_is_a_number(text: str, usd: float) -> None:
    assert PlatformSettings.from_environment({"APIFY_MAX_CHARGE_USD": text}).apify_max_charge_usd == usd


@pytest.mark.parametrize("text", ["-1", "1e3", "nan", "inf", "two", "1,5"])
def test_an_odd_price_limit_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(SettingsError, match="APIFY_MAX_CHARGE_USD must be a number"):
        PlatformSettings.from_environment({"APIFY_MAX_CHARGE_USD": text})


NEEDED = TRIGGER | {"STAGING_BUCKET": "staging"}
WITH_NEWS = (TriggerSettings, ProcessSettings, ReconcileSettings)


@pytest.mark.parametrize("settings", WITH_NEWS)
def test_there_is_no_news_unless_it_is_switched_on(settings: Any) -> None:
    assert settings.from_environment(NEEDED).has_news is False
    assert settings.from_environment(NEEDED | {"NEWS": "off"}).has_news is False
    assert settings.from_environment(NEEDED | {"NEWS": "on"}).has_news is True


@pytest.mark.parametrize("settings", WITH_NEWS)
def test_an_odd_switch_is_refused_by_its_name(settings: Any) -> None:
    with pytest.raises(SettingsError, match="NEWS must be on or off"):
        _ = settings.from_environment(NEEDED | {"NEWS": "yes"}).has_news
