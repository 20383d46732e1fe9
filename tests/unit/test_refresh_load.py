"""`python -m bench.refreshes`: its arithmetic by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bench.bill import Bill
from bench.refreshes.counted import Counted
from bench.refreshes.load import Load, amounts, dollars, quota_accounts, running_jobs, spent_a_day
from tracking.jobs import AccountType, PlatformName
from tracking.refreshes import Cadence, Mode
from tracking.settings import Limits

IDLE = {"firestoreRead": 3, "invocation": 1}


def counted(units: float, transitions: int = 8, waited_s: float = 0) -> Counted:
    """A refresh whose states take a second, read 5 documents and write 4."""
    states = {"transition": transitions, "gbSecond": 1, "invocation": 4, "firestoreRead": 5, "firestoreWrite": 4}
    return Counted(
        look=Bill(Counter(IDLE | {"firestoreWrite": 3})),
        states=Bill(Counter(states)),
        wake=Bill(Counter({"firestoreRead": 2, "firestoreWrite": 1, "invocation": 1})),
        idle_look=Bill(Counter(IDLE)),
        spent={"units": units},
        waited_s=waited_s,
    )


LOAD = Load(
    platform=PlatformName.YOUTUBE,
    accounts=14_400,  # ten a minute
    cadence=Cadence.DAILY,
    account_type=AccountType.COMPETITOR,
    changed=0,
    limits=Limits(running=50, per_credential=10),
    counted={Mode.INCREMENTAL: counted(3), Mode.FULL: counted(33)},
)


def test_one_refresh_in_thirty_is_a_full_one() -> None:
    assert LOAD.mean(lambda one: one.spent["units"]) == pytest.approx(3 * 29 / 30 + 33 / 30)
    assert spent_a_day(LOAD) == {"units": pytest.approx(14_400 * 4)}


def test_a_month_adds_up_refreshes_and_looks() -> None:
    month = amounts(LOAD)
    looks = month["due queries"]
    assert month["refreshes"] == month["executions"] == 14_400 * 30
    assert month["transitions"] == 14_400 * 30 * 8
    # 3 by the look, 4 by the states, 1 by the wake. A look that starts several writes the control document once.
    assert month["documents written"] == pytest.approx(14_400 * 30 * 7 + looks)
    # 5 by the states, 2 by the wake, the account; and each look: 3, and the refreshes that run.
    assert month["documents read"] == pytest.approx(14_400 * 30 * 8 + looks * (3 + 10 / 60))


def test_looks_go_on_while_they_find_some() -> None:
    idle, busy = replace(LOAD, accounts=1), replace(LOAD, accounts=1_000_000)
    assert idle.looks_a_minute == pytest.approx(1, abs=0.01)
    assert 5.5 < busy.looks_a_minute <= 6


def test_starts_are_limited_by_slots_and_looks() -> None:
    assert LOAD.slots == 6  # 60 % of ten
    assert LOAD.starts_a_minute == 6 * 6  # a refresh has ended when the next look comes
    waiting = {mode: counted(3, waited_s=30) for mode in Mode}
    assert replace(LOAD, counted=waiting).starts_a_minute == 6 * 2  # 31 s are four looks
    assert LOAD.slot_accounts == 36 * 1_440


def test_the_needed_limit_is_the_smallest_that_allows_the_starts() -> None:
    assert LOAD.limit_needed == 4  # 2 slots, 12 starts
    assert replace(LOAD, accounts=100_000).limit_needed == 20  # 12 slots, 72 starts


def test_quotas_count_what_an_account_spends_a_day() -> None:
    assert quota_accounts(LOAD) == pytest.approx(10_000 / 4)
    assert quota_accounts(replace(LOAD, cadence=Cadence.WEEKLY)) == pytest.approx(
        7 * 10_000 / (3 * 23 / 30 + 33 * 7 / 30)
    )


def test_dollars_of_states_and_changed_videos() -> None:
    month = dollars(replace(LOAD, changed=2))
    assert month["Step Functions"] == pytest.approx(14_400 * 30 * 8 * 0.000025)
    assert month["Firestore, changed videos"] == pytest.approx(14_400 * 30 * 2 * 0.0000009)
    assert month["Firestore, all other writes"] == pytest.approx(dollars(LOAD)["Firestore, all other writes"])


def test_running_jobs_are_those_of_the_template() -> None:
    assert (running_jobs(50), running_jobs(1_000)) == (30, 50)
