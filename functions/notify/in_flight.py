"""The requests that are under way: each in a thread, because one waits up to 15 s for its answer."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, Self, TypeVar

from tracking.webhooks import Answer

THREADS = 10

Sent = TypeVar("Sent")


class Requests(Protocol[Sent]):
    """Starts requests and returns those that have ended. One thread uses it."""

    def start(self, sent: Sent, post: Callable[[], Answer]) -> None:
        """Start a request. `sent`: what it is about, to be returned with its answer."""
        ...

    def wait(self, seconds: float) -> list[tuple[Sent, Answer]]:
        """Wait until a request has ended, or for so long. Return all that have ended."""
        ...


class ThreadRequests(Generic[Sent]):
    """Implements `Requests`. As a context manager it waits at its end for what is under way."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")
        self._ended: queue.SimpleQueue[tuple[Sent, Answer | Exception]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self, sent: Sent, post: Callable[[], Answer]) -> None:
        self._pool.submit(self._run, sent, post)

    def wait(self, seconds: float) -> list[tuple[Sent, Answer]]:
        """Wait as the protocol says. Raises what a request raised: that is a mistake of ours."""
        ended = []
        try:
            ended.append(self._ended.get(timeout=max(0.0, seconds)) if seconds > 0 else self._ended.get_nowait())
            while True:
                ended.append(self._ended.get_nowait())
        except queue.Empty:
            pass
        answers = []
        for sent, answer in ended:
            if isinstance(answer, Exception):
                raise answer
            answers.append((sent, answer))
        return answers

    def _run(self, sent: Sent, post: Callable[[], Answer]) -> None:
        try:
            self._ended.put((sent, post()))
        except Exception as error:  # noqa: BLE001 - raised by `wait`, in the thread of the run
            self._ended.put((sent, error))
