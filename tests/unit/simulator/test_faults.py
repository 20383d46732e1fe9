"""The faults that the simulator chooses for a request, and how often each fault happens."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.simulator.faults import Fault, FaultBook, Kind
from local.simulator.messages import Subject
from tracking.jobs import PlatformName

NASA = Subject("instagram", "nasa")
CALL = "/x/2/users/1/tweets"


def book(standing: Fault | None = None) -> FaultBook:
    return FaultBook(lambda _name: standing)


def kinds(faults: list[Fault]) -> list[Kind]:
    return [fault.kind for fault in faults]


def test_fault_happens_as_often_as_planned() -> None:
    faults = book()
    faults.add(Fault(kind=Kind.BROKEN, times=2))

    assert [kinds(faults.take(NASA, CALL)) for _ in range(3)] == [[Kind.BROKEN], [Kind.BROKEN], []]


@pytest.mark.parametrize(
    ("fields", "happens"),
    [
        ({}, True),
        ({"platform": "instagram"}, True),
        ({"platform": "tiktok"}, False),
        ({"username": "nasa"}, True),
        ({"username": "natgeo"}, False),
        ({"path": "/tweets"}, True),
        ({"path": "/videos"}, False),
    ],
)
def test_a_fault_happens_only_to_what_it_names(fields: dict[str, Any], happens: bool) -> None:
    faults = book()
    faults.add(Fault(kind=Kind.BROKEN, **fields))

    assert bool(faults.take(NASA, CALL)) is happens


def test_follow_up_call_meets_only_slow_faults_and_its_path() -> None:
    follow_up = Subject("instagram", "nasa", meets_account=False)
    faults = book()
    for fault in (Fault(kind=Kind.PRIVATE), Fault(kind=Kind.SLOW), Fault(kind=Kind.HTML, path="tweets")):
        faults.add(fault)

    assert kinds(faults.take(follow_up, CALL)) == [Kind.SLOW, Kind.HTML]


def test_second_fault_waits_until_the_first_is_spent() -> None:
    faults = book()
    for fault in (Fault(kind=Kind.SLOW), Fault(kind=Kind.BROKEN, times=1), Fault(kind=Kind.UNAVAILABLE, times=1)):
        faults.add(fault)

    taken = [kinds(faults.take(NASA, CALL)) for _ in range(3)]

    assert taken == [[Kind.SLOW, Kind.BROKEN], [Kind.SLOW, Kind.UNAVAILABLE], [Kind.SLOW]]


def test_a_names_own_fault_is_counted_for_each_platform_apart() -> None:
    faults = book(Fault(kind=Kind.UNAVAILABLE, times=1))

    taken = [len(faults.take(Subject(platform, "sim_503x1"), CALL)) for platform in ("youtube", "tiktok", "youtube")]

    assert taken == [1, 1, 0]


def test_clearing_removes_faults_and_lets_names_count_anew() -> None:
    faults = book(Fault(kind=Kind.UNAVAILABLE, times=1))
    faults.add(Fault(kind=Kind.SLOW))
    first = kinds(faults.take(NASA, CALL))
    spent = kinds(faults.take(NASA, CALL))
    faults.clear()

    assert (first, spent) == ([Kind.SLOW, Kind.UNAVAILABLE], [Kind.SLOW])
    assert kinds(faults.take(NASA, CALL)) == [Kind.UNAVAILABLE]


def test_threads_share_a_count_without_losing_or_adding_one() -> None:
    faults = book(Fault(kind=Kind.UNAVAILABLE, times=50))
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda _: len(faults.take(NASA, CALL)), range(400)))

    assert sum(taken) == 50


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "A fault is one JSON object."),
        ({}, "Unknown kind None"),
        ({"kind": "418"}, "Unknown kind '418'"),
        ({"kind": "503", "platform": "x"}, f"Unknown platform 'x'; known are {', '.join(PlatformName)}."),
        ({"kind": "503", "tims": 2}, "Unknown field 'tims'"),
        ({"kind": "503", "times": "2"}, "times must be a whole number, not '2'."),
        ({"kind": "503", "username": 7}, "username must be text, not 7."),
        ({"kind": "slow", "seconds": "x"}, "seconds must be a number, not 'x'."),
    ],
)
def test_wrong_fault_is_refused_with_a_sentence(data: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Fault.from_json(data)


def test_a_username_is_taken_as_people_type_it() -> None:
    assert Fault.from_json({"kind": "503", "username": "@NASA"}).username == "nasa"
