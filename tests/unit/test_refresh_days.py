"""The refresh tick over days, with each look doubled: `bench.refreshes.simulation`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bench.refreshes.load import slots_of
from bench.refreshes.simulation import Days, Found, simulate
from tracking.jobs import PlatformName
from tracking.settings import Limits

LIMITS = Limits(running=300, per_credential=100)
TEN = Limits()


def assert_each_due_moment_was_met_once(found: Found) -> None:
    assert (found.missed, found.twice, found.unplanned) == ([], [], [])


def test_each_due_moment_is_met_once() -> None:
    found = simulate(Days(accounts=300, days=2, limits=TEN))
    assert_each_due_moment_was_met_once(found)
    assert found.starts.total() in range(599, 601)  # what is due in the last minutes may wait


@pytest.mark.parametrize(("accounts", "limits"), [(300, TEN), pytest.param(10_000, LIMITS, marks=pytest.mark.nightly)])
def test_after_three_days_off_each_account_is_refreshed_once(accounts: int, limits: Limits) -> None:
    found = simulate(Days(accounts=accounts, days=2, off=timedelta(days=3), limits=limits))
    assert_each_due_moment_was_met_once(found)
    assert set(found.overdue_by_account.values()) == {1}
    assert len(found.overdue_by_account) == accounts
    slots = slots_of(PlatformName.YOUTUBE, limits)
    assert found.most_running["apify"] == slots  # it had more to do
    assert max(found.most_running.values()) <= slots


@pytest.mark.nightly
def test_ten_thousand_accounts_for_a_week() -> None:
    """The busiest minute has at most twice the mean of its hour, though digests spread the accounts by chance."""
    found = simulate(Days(accounts=10_000, limits=TEN))
    assert_each_due_moment_was_met_once(found)
    assert found.starts.total() in range(69_990, 70_001)
    assert 1 < found.busiest <= 2


def test_a_crowded_minute_gives_to_the_next_ones() -> None:
    """3,000 accounts, of which a third is due in the same minute: 25 a minute, and less as they become fewer."""
    found = simulate(Days(accounts=3_000, days=1, limits=LIMITS, crowd=1_000))
    assert_each_due_moment_was_met_once(found)
    assert max(found.a_minute.values()) in range(25, 32)  # 1.5 times a sixtieth of the crowd and of the next hour


@pytest.mark.nightly
def test_the_busiest_minute_of_many_accounts_is_no_peak() -> None:
    found = simulate(Days(accounts=100_000, days=1, limits=LIMITS))
    assert 1 < found.busiest <= 2
