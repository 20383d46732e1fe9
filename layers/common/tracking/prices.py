"""List prices of the platforms in US dollars, for `tracking costs` and budgets.

Those of AWS and Google: bench/scale/quotas.json.

An estimate is no bill: prices change, plans have discounts, and X charges for a resource only once a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Price(NamedTuple):
    usd: float  # for one
    source: str
    seen: str  # when the price was looked up: year and month


_X = "https://docs.x.com/x-api/getting-started/pricing"

PRICES: Mapping[str, Price] = {
    "instagram.results": Price(  # as Apify's run objects said it: tests/platform-samples/apify-api/run_succeeded.json
        usd=0.0027, source="https://apify.com/apify/instagram-scraper", seen="2025-08"
    ),
    "tiktok.results": Price(usd=0.0025, source="https://apify.com/clockworks/tiktok-profile-scraper", seen="2026-06"),
    "youtube.units": Price(  # there is a quota, and no price
        usd=0, source="https://developers.google.com/youtube/v3/determine_quota_cost", seen="2026-11"
    ),
    "twitter.posts": Price(usd=0.005, source=_X, seen="2026-11"),
    "twitter.users": Price(usd=0.010, source=_X, seen="2026-11"),
    "twitter.media": Price(usd=0.005, source=_X, seen="2026-11"),
}
"""By `{platform}.{resource}`, with the names of contracts/platforms.json and of `spent` in contracts/job.json."""


def estimated_usd(platform: str, spent: Mapping[str, float]) -> float:
    """Return the dollars of a job: those that the provider said, otherwise an estimate by the list prices.

    A resource without a price counts 0.
    """
    if said := spent.get("usd"):
        return said
    prices = ((PRICES.get(f"{platform}.{name}"), amount) for name, amount in spent.items())
    return sum(price.usd * amount for price, amount in prices if price is not None)
