"""The schedule of attempts, and the meaning of answers.

attempt   1   2    3      4       5     6     7      8      9      10
waits     0   5 s  5 min  30 min  2 h   5 h   10 h   14 h   20 h   24 h     each 10 % more or less: 75:35:05
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tracking.webhooks import SCHEDULE_S, Answer, OffReason, SendError, State, Trigger

Jitter = Callable[[float, float], float]
"""Returns a number between two, as `random.uniform`."""

LEAST_PUT_OFF = timedelta(minutes=5)
MOST_PUT_OFF = timedelta(hours=5)
GONE_STATUS = 410
SLOW_DOWN = (429, 503)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of an answer. `wait`: until the next attempt, for a delivery that stays pending."""

    state: State
    wait: timedelta | None = None
    error: str | None = None  # for the log of attempts
    is_success: bool | None = None  # of the endpoint; None: it says nothing about it
    off: OffReason | None = None
    slow_down: timedelta | None = None  # the endpoint wants no request for so long


def judge(answer: Answer, trigger: Trigger, attempts: int, jitter: Jitter) -> Verdict:
    """Decide about a delivery that was just tried. `attempts`: so far, with this one.

    The answer to a test or a replay decides about that delivery alone, but its success is the endpoint's, too.
    """
    verdict = _judge(answer, None if trigger.is_single else wait_before_next(attempts, jitter))
    if not trigger.is_single:
        return verdict
    return Verdict(verdict.state, error=verdict.error, is_success=verdict.is_success or None)


def _judge(answer: Answer, wait: timedelta | None) -> Verdict:
    """`wait`: until the next attempt of the schedule; None: there is none."""
    status, off = answer.status or 0, _off(answer)
    if 200 <= status < 300 and answer.error is None:
        return Verdict(State.DELIVERED, is_success=True, off=off)
    if answer.control == "abort-message" and off is None:  # the receiver is there, and does not want this message
        return Verdict(State.FAILED, error=SendError.ABORTED)
    if off or wait is None or answer.error == SendError.BLOCKED:
        return Verdict(State.FAILED, error=answer.error, is_success=False, off=off)
    # A Retry-After is the least time to wait. A shorter one would use up the attempts of three days within minutes.
    slow_down = answer.retry_after if status in SLOW_DOWN else None
    wait = max(wait, slow_down or wait)
    return Verdict(State.PENDING, wait=wait, error=answer.error, is_success=False, slow_down=slow_down)


def wait_before_next(attempts: int, jitter: Jitter) -> timedelta | None:
    """Return the time between the last attempt and the next one. `attempts`: so far. None: there is no next one."""
    if attempts >= len(SCHEDULE_S):
        return None
    return timedelta(seconds=SCHEDULE_S[attempts] * jitter(0.9, 1.1))


def put_off(attempts: int, outage: timedelta, jitter: Jitter) -> timedelta:
    """Return how long a delivery waits untried, because its endpoint hangs.

    That is the next step of its schedule, but half of the time at least for which the endpoint has failed: so a
    thousand deliveries of a dead endpoint are not written anew every five minutes.
    """
    step = wait_before_next(max(attempts, 1), jitter) or MOST_PUT_OFF
    return max(step, min(max(outage / 2, LEAST_PUT_OFF), MOST_PUT_OFF) * jitter(0.9, 1.1))


def _off(answer: Answer) -> OffReason | None:
    if answer.control == "disable":
        return OffReason.RECEIVER
    return OffReason.GONE if answer.status == GONE_STATUS else None
