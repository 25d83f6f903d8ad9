"""Stands in for the `cython` module where Cython is not installed: the kernel then runs as plain Python."""

from collections.abc import Callable
from typing import Any, TypeVar

compiled = False

_T = TypeVar("_T")


class _Type:
    """A C type: its annotations subscript it, its casts call it."""

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        self._convert = convert

    def __getitem__(self, _: object) -> "_Type":
        return self

    def __call__(self, value: Any) -> Any:  # any number in, a number out
        return self._convert(value)


def _same(value: Any) -> Any:
    return value


double = _Type(float)
longlong = Py_ssize_t = size_t = ulonglong = _Type(int)
bint = _Type(bool)
void = p_void = const = _Type(_same)


def declare(_: object, value: _T) -> _T:
    return value


def cast(kind: _Type, value: Any) -> Any:
    return kind(value)


def cclass(decorated: _T) -> _T:
    return decorated


cfunc = inline = with_gil = cclass


class _NoGil:
    """`nogil` decorates what needs no interpreter, and opens blocks that give it to other threads."""

    def __call__(self, decorated: _T) -> _T:
        return decorated

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


nogil = _NoGil()


def boundscheck(_: bool) -> Callable[[_T], _T]:
    return cclass


wraparound = cdivision = boundscheck


def exceptval(*, check: bool) -> Callable[[_T], _T]:
    del check
    return cclass


int = longlong  # noqa: A001 - as Cython calls it; at the end, where no annotation needs Python's
