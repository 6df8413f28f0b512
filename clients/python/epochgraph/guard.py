"""Keeps the faults of this package from the training that it serves."""

from __future__ import annotations

import functools
from typing import Any, Callable, TypeVar, cast

_Method = TypeVar("_Method", bound=Callable[..., Any])


def never_raises(method: _Method) -> _Method:
    """A method that returns None where it would raise, and tells `_on_own_fault(name, error, args, kwargs)` of its object.

    KeyboardInterrupt and the like pass.
    """

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
            self._on_own_fault(method.__name__, error, args, kwargs)
            return None

    return cast(_Method, guarded)
