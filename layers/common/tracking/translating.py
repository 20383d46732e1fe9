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
    """Decorate calls to a service: raise `translate(error)` from each of the errors `theirs`.

    If `translate` returns the error itself, it passes unchanged.
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
