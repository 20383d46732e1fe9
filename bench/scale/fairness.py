"""Fairness of a history of starts: the number of turns that others had while an organisation waited for its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

MOST_COUNTED = 20
"""More rounds than this are counted as this many."""


@dataclass(slots=True)
class Rounds:
    """The starts with one credential, one after another.

        starts        1 a   2 b   3 c   4 a   5 b          d waits since start 1: b had two starts meanwhile
        since(d) = 1        └──────────────────┘           so d waited two rounds

    An organisation that gets its next start has waited as many rounds as the busiest other one had starts meanwhile.
    """

    most: int = 0
    """The most rounds that any organisation waited for its next start."""
    _number: int = 0  # of starts so far
    _since: dict[Hashable, int] = field(default_factory=dict)  # number of starts when the organisation began to wait
    _waiting: dict[Hashable, int] = field(default_factory=dict)  # jobs, by organisation
    _starts: dict[Hashable, deque[int]] = field(default_factory=dict)  # the last starts of each organisation
    _latest: list[int] = field(default_factory=lambda: [0] * MOST_COUNTED)
    """`_latest[k]`: the latest start that was followed by k further starts of the same organisation."""

    def wait(self, org: Hashable) -> None:
        """Note a further waiting job of the organisation."""
        self._waiting[org] = self._waiting.get(org, 0) + 1
        self._since.setdefault(org, self._number)

    def start(self, org: Hashable) -> None:
        """Note the start of one of the organisation's waiting jobs."""
        since = self._since.pop(org)
        self.most = max(self.most, sum(latest > since for latest in self._latest))
        self._number += 1
        own = self._starts.setdefault(org, deque(maxlen=MOST_COUNTED))
        own.append(self._number)
        for followers, start in enumerate(reversed(own)):
            self._latest[followers] = max(self._latest[followers], start)
        self._waiting[org] -= 1
        if self._waiting[org]:
            self._since[org] = self._number
