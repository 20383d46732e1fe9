"""Translation of a client library's errors into ours, at the edge of each adapter."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def translated(
    theirs: tuple[type[Exception], ...], translate: Callable[[Exception], Exception]
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorate a call to a service: an error of the types `theirs` is raised as `translate(error)`.

    The original error becomes its cause. If `translate` returns the error itself, the error is raised unchanged.
    """

    def decorate(call: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(call)
        def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return call(*args, **kwargs)
            except theirs as error:
                raise translate(error) from error

        return wrapper

    return decorate
