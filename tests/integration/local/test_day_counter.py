"""The number of the day, in a real Firestore emulator and a simulator with sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local import LocalError, simulator
from local.day_counter import DOCUMENT, DayCounter
from local.firestore import PROJECT
from local.simulator.today import RECORDED, Today

THIRD = Today(3, datetime(2026, 3, 1, 11, 20, 5, 123_000, tzinfo=UTC))


@pytest.fixture
def counter(emulator: str) -> Iterator[DayCounter]:
    with simulator.running() as running:
        yield DayCounter(emulator, running.url)
    document = f"http://{emulator}/v1/projects/{PROJECT}/databases/(default)/documents/{DOCUMENT}"
    httpx.delete(document, headers={"Authorization": "Bearer owner"}, trust_env=False).raise_for_status()


def served(counter: DayCounter) -> Any:
    return httpx.get(f"{counter.simulator}/control/day", trust_env=False).json()


def test_day_is_0_until_one_has_passed(counter: DayCounter) -> None:
    assert counter.today() == RECORDED
    counter.restore()
    assert served(counter)["day"] == 0


def test_day_is_kept_and_the_simulator_is_told(counter: DayCounter) -> None:
    counter.set(THIRD)
    assert counter.today() == THIRD
    assert served(counter) == {"day": 3, "since": "2026-03-01T11:20:05.123000+00:00"}


def test_simulator_that_was_started_again_is_told_the_day(counter: DayCounter) -> None:
    counter.set(THIRD)
    with simulator.running() as again:
        later = DayCounter(counter.firestore, again.url)
        later.restore()
        assert served(later)["day"] == 3


def test_simulator_goes_back_when_the_data_is_gone(counter: DayCounter) -> None:
    counter.tell(THIRD)
    counter.restore()
    assert served(counter)["day"] == 0


def test_what_does_not_answer_is_named(counter: DayCounter) -> None:
    with pytest.raises(LocalError, match=r"could not be kept: http://127\.0\.0\.1:9/control/day does not answer"):
        DayCounter(counter.firestore, "http://127.0.0.1:9").set(THIRD)
