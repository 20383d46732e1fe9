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
    found = simulate(Days(accounts=10_000, limits=TEN))
    assert_each_due_moment_was_met_once(found)
    assert found.starts.total() in range(69_990, 70_001)


@pytest.mark.nightly
def test_the_busiest_minute_of_many_accounts_is_no_peak() -> None:
    """Digests spread them by chance, so it holds for many: 69 are due in a minute of 100,000 accounts."""
    found = simulate(Days(accounts=100_000, days=1, limits=LIMITS))
    assert 1 < found.busiest <= 2
