"""Made-up growth: it ends at the recorded counts, never falls below 0, and is the same each time."""

from __future__ import annotations

import pytest

from local import growing

FIRST = -365


@pytest.mark.parametrize("name", ["instagram/nasa", "twitter/wunpini_fm", "youtube/googledevelopers", "x/y"])
def test_levels_of_an_account_rise_to_one_over_the_year(name: str) -> None:
    levels = growing.past_levels(growing.account_gain(name), FIRST)

    assert levels == growing.past_levels(growing.account_gain(name), FIRST)
    assert list(levels) == list(range(FIRST, 1))
    assert levels[0] == 1
    assert 0.7 < levels[FIRST] < 0.95
    gains = [levels[day] - levels[day - 1] for day in range(FIRST + 1, 1)]
    assert min(gains) < 0 < sorted(gains)[len(gains) // 2]  # some days lose a little
    assert max(gains) > 8 * sum(gains) / len(gains)  # the big day


def test_weekends_grow_more_than_the_middle_of_the_week() -> None:
    gains = growing.account_gain("instagram/nasa")
    by_weekday = [sum(gains(day) for day in range(weekday - 700, 0, 7)) for weekday in range(7)]

    assert by_weekday[5] > 1.2 * by_weekday[0]


@pytest.mark.parametrize("age_days", [0.2, 1, 30, 364.5, 1500])
def test_levels_of_a_post_never_fall_and_end_at_one(age_days: float) -> None:
    first = max(FIRST, -int(age_days))
    for post in range(50):
        gain = growing.post_gain(f"post{post}", age_days)
        levels = growing.past_levels(gain, first, is_born=age_days < 365)

        values = list(levels.values())
        assert values == sorted(values)
        assert values[0] >= 0
        assert values[-1] == 1


def test_a_post_that_is_born_within_the_year_begins_fast() -> None:
    levels = growing.past_levels(growing.post_gain("a post", 100), -100, is_born=True)

    assert levels[-100] < 0.1
    assert levels[-70] > 0.5


def test_a_rounded_number_of_followers_grows_in_steps() -> None:
    levels = growing.past_levels(growing.account_gain("a"), FIRST)
    counts = [growing.grown_followers("a", 2_300_000, level) for level in levels.values()]

    assert counts[-1] == 2_300_000
    assert all(count % 10_000 == 0 for count in counts)
    assert len(set(counts)) > 5
    assert growing.grown_followers("a", 13_496, 1.001) == 13_509  # was not rounded
    assert growing.grown_followers("a", 1_200, 1.01) == 1_212  # too few for a platform to round


def test_a_slow_count_moves_by_one_and_ends_where_it_should() -> None:
    counts = growing.changed_slowly("a", 3, FIRST)
    steps = {counts[day] - counts[day - 1] for day in range(FIRST + 1, 1)}

    assert counts[0] == 3
    assert min(counts.values()) == 0
    assert steps == {-1, 0, 1}


def test_posts_come_as_often_as_asked() -> None:
    assert sum(growing.posts_on("a", day, 0.5) for day in range(700)) == pytest.approx(350, rel=0.1)
    assert sum(growing.posts_on("a", day, 7.25) for day in range(700)) == pytest.approx(5_075, rel=0.05)
    assert sum(growing.posts_on("a", day, 0.0) for day in range(700)) == 0
