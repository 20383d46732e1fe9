"""Sample mails: for tests of what they say, and for pictures of what they look like."""

from __future__ import annotations

from tests.mailing import event, failed, milestone, ready, webhook_failing
from tracking.events import EventType
from tracking.jobs import Fields
from tracking.mail.digest import Digest, of_events
from tracking.mail.rendering import Frame

FRAME = Frame(
    product="Acme Social",
    organisation="Nova Agency",
    unsubscribe_url="https://api.acme.test/unsubscribe?t=WyJvcmcxIiwidXNlcjEiXQ.c2lnbmF0dXJl",
    app_url="https://app.acme.test",
)
LONG = "the_international_association_of_very_long_user_names_and_of_those_who_like_them_a_lot"


def many(number: int) -> list[Fields]:
    return [ready(f"account_{one:02}", message=f"Done: {one + 3} videos saved.") for one in range(number)]


def long_videos(number: int) -> Fields:
    """Return an event as long as real ones are: long titles of Japanese letters, and addresses with parameters."""
    name = "宇宙航空研究開発機構の公式チャンネル"
    videos = [
        {
            "title": "打ち上げの様子をお届けします " * 6,
            "url": f"https://video.example/{'x' * 120}/{one}",
            "multiplier": 5.1,
        }
        for one in range(3)
    ]
    return event(EventType.VIDEO_OUTLIER, username=f"{name}{number}", platform="youtube", total=12, videos=videos)


def _of(*events: Fields, more: int = 0) -> Digest:
    return of_events([(f"event{number}", one) for number, one in enumerate(events)], more)


def _videos(*titles: str) -> list[Fields]:
    return [
        {"title": title, "url": f"https://video.example/{number}", "multiplier": 5.1 + number}
        for number, title in enumerate(titles)
    ]


SAMPLES: dict[str, Digest] = {
    "one": _of(ready("@nasa")),
    "mixed": _of(
        failed("nasaa"),
        failed("private_person", errorCode="AccountPrivateError", message="The account private_person is private."),
        ready("@nasa"),
        ready("GoogleDevelopers", platform="youtube", message="Done: 5,000 newest of 6,120 videos saved."),
        ready("natgeo", platform="tiktok", message="Done: 1,204 videos saved."),
        milestone("nasa", 100_000_000),
        event(EventType.ACCOUNT_RENAMED, username="space_agency", before="nasa", after="space_agency"),
        event(EventType.ACCOUNT_UNAVAILABLE, username="gone_account", reason="suspended", platform="twitter"),
        event(
            EventType.ACCOUNT_SPIKE,
            username="wunpini_fm",
            platform="twitter",
            spikes={
                "followers": {"day": "2026-11-30", "change": 19_900, "usual": 100},
                "views": {"day": "2026-11-30", "change": 1_204_000, "usual": 8_000},
            },
        ),
        event(
            EventType.VIDEO_OUTLIER,
            username="GoogleDevelopers",
            platform="youtube",
            total=2,
            videos=_videos("What is new in the web platform?", "Ten minutes of Go"),
        ),
        event(
            EventType.VIDEO_PUBLISHED,
            username="nasa",
            total=4,
            videos=_videos("Lift-off", "A walk in space", "Splashdown & what comes next", "Not shown"),
        ),
        event(EventType.VIDEO_VANISHED, username="natgeo", platform="tiktok", total=1, videos=[{"videoId": "v"}]),
        webhook_failing(),
        event("tracking.webhook.disabled", project_id=None, url="https://old.example.test/webhooks"),
    ),
    "fifty": _of(*many(50), more=12),
    "longest": _of(*(long_videos(one) for one in range(50)), more=4_950),
    "webhooks": _of(event("tracking.webhook.disabled", project_id=None, url="https://old.example.test/webhooks")),
    "scripts": _of(
        ready("ناسا بالعربية", message="Done: 12 videos saved."),
        ready(LONG, platform="tiktok", message="Done: 1 video saved."),
        failed("宇宙航空研究開発機構", message="Instagram has no account named 宇宙航空研究開発機構."),
        event(
            EventType.VIDEO_PUBLISHED,
            username="וידאו",
            platform="youtube",
            total=2,
            videos=_videos("הסרטון החדש שלנו (2026)", "🚀 👩‍🚀 Zoë & <b>friends</b>"),
        ),
    ),
}
